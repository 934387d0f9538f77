"""Documents are sealed where a certificate is set; a changed byte shows."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

from billing.documents.einvoice.cii import build_cii
from billing.documents.factur_x import structural_faults
from billing.documents.invoice_pdf import render_invoice
from billing.services.seals import SealNotReadable, sealed
from tests.billing import invoice_samples


@pytest.fixture(scope="module")
def pdf() -> bytes:
    content = invoice_samples.invoice()
    return render_invoice(content, cii=build_cii(content))


@pytest.fixture
def certificate(tmp_path, settings) -> ValidationContext:
    """A certificate of the house's own, set for sealing; what is trusted is it alone."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Interroam Clearing House")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.KeyUsage(
                digital_signature=True,
                content_commitment=True,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=False,
                crl_sign=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "seal.p12"
    path.write_bytes(
        pkcs12.serialize_key_and_certificates(
            b"seal", key, made, None, serialization.BestAvailableEncryption(b"secret")
        )
    )
    (tmp_path / "seal.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    settings.SEAL_CERTIFICATE, settings.SEAL_PASSWORD = str(path), "secret"
    trusted = load_cert_from_pemder(str(tmp_path / "seal.pem"))
    return ValidationContext(trust_roots=[trusted])


def judged(pdf: bytes, context: ValidationContext):
    [signature] = PdfFileReader(io.BytesIO(pdf), strict=False).embedded_signatures
    return validate_pdf_signature(signature, signer_validation_context=context)


def test_without_a_certificate_a_document_is_as_it_was_rendered(pdf, settings):
    settings.SEAL_CERTIFICATE = ""
    assert sealed(pdf) is pdf


def test_a_sealed_invoice_is_valid_and_still_factur_x(pdf, certificate):
    made = sealed(pdf)

    status = judged(made, certificate)
    assert (status.valid, status.intact, status.trusted) == (True, True, True)
    assert made.startswith(pdf)
    # The seal's own field is the one form that there is.
    assert structural_faults(made) == ["It has no form."]


def test_a_changed_byte_shows(pdf, certificate):
    made = bytearray(sealed(pdf))
    at = made.index(b"/CreationDate (D:20") + len(b"/CreationDate (D:2")
    made[at] ^= 1

    assert not judged(bytes(made), certificate).intact


def test_a_certificate_that_does_not_open_is_told(pdf, certificate, settings, tmp_path):
    settings.SEAL_PASSWORD = "wrong"
    with pytest.raises(SealNotReadable, match="SEAL_PASSWORD"):
        sealed(pdf)

    settings.SEAL_CERTIFICATE = str(tmp_path / "none.p12")
    with pytest.raises(SealNotReadable, match="no certificate"):
        sealed(pdf)
