"""Files that people upload: outside the web root, under a random name, for this user alone."""

import os
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile


def store_upload(file: UploadedFile, *, name: str) -> str:
    """Write the upload under the files folder, mode 0600; return its name there."""
    folder = Path(settings.MEDIA_ROOT) / "uploads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as target:
        for chunk in file.chunks():
            target.write(chunk)
    return f"uploads/{name}"
