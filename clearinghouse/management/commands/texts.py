"""``manage.py texts``: bring the catalogs of German and French up to date."""

from django.core.management.base import BaseCommand

from clearinghouse import texts


class Command(BaseCommand):
    help = "Gather what pages and letters say, and write the catalogs of each language."

    def handle(self, **options):
        for language in texts.LANGUAGES:
            catalog = texts.brought_up_to_date(language)
            texts.write(catalog, language)
            missing = [one for one in catalog if one.id and not any(_said(one.string))]
            print(f"{language}: {len(catalog)} texts, {len(missing)} without a translation")
            for one in missing[: 20 if options["verbosity"] < 2 else None]:
                print(f"  {one.id!r}")


def _said(string) -> tuple[str, ...]:
    return string if isinstance(string, tuple) else (string,)
