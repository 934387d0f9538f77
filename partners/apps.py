from django.apps import AppConfig


class PartnersConfig(AppConfig):
    name = "partners"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Write down what the libraries of logins tell."""
        from allauth.account import signals as account
        from allauth.mfa import signals as mfa
        from axes.signals import user_locked_out

        from partners import accounts

        account.user_logged_in.connect(accounts.note_login)
        for signal in (account.password_changed, account.password_set, account.password_reset):
            signal.connect(accounts.note_password)
        mfa.authenticator_added.connect(accounts.note_factor_added)
        mfa.authenticator_removed.connect(accounts.note_factor_removed)
        mfa.authenticator_reset.connect(accounts.note_codes_made)
        user_locked_out.connect(accounts.note_lock_out)
