"""The settings of the sign-in service, under the environment names of Supabase Auth."""

from __future__ import annotations

from collections.abc import Mapping

from cli.settings.auth import Auth
from cli.stack.keys import Keys

# The values of Supabase's password_requirements, in the form of its environment variable.
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
LOWER_UPPER = "abcdefghijklmnopqrstuvwxyz:ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS = "0123456789"
SYMBOLS = "!@#$%^&*()_+-=[]{};'\\\\:\"|<>?,./`~"
REQUIREMENTS = {
    "": "",
    "letters_digits": f"{LETTERS}:{DIGITS}",
    "lower_upper_letters_digits": f"{LOWER_UPPER}:{DIGITS}",
    "lower_upper_letters_digits_symbols": f"{LOWER_UPPER}:{DIGITS}:{SYMBOLS}",
}


def environment(auth: Auth, keys: Keys, *, auth_url: str) -> Mapping[str, str]:
    """Return the GOTRUE_* variables of a service at `auth_url`, which the gateway forwards to."""
    chosen: dict[str, object] = {
        "API_EXTERNAL_URL": auth.external_url or auth_url,
        "SITE_URL": auth.site_url,
        "URI_ALLOW_LIST": ",".join(auth.additional_redirect_urls),
        "JWT_SECRET": keys.jwt_secret,
        "JWT_KEYS": keys.signing,
        "JWT_EXP": auth.jwt_expiry,
        "JWT_ISSUER": issuer(auth, auth_url),
        "DISABLE_SIGNUP": not auth.enable_signup,
        "EXTERNAL_ANONYMOUS_USERS_ENABLED": auth.enable_anonymous_sign_ins,
        "SECURITY_MANUAL_LINKING_ENABLED": auth.enable_manual_linking,
        "SECURITY_REFRESH_TOKEN_ROTATION_ENABLED": auth.enable_refresh_token_rotation,
        "SECURITY_REFRESH_TOKEN_REUSE_INTERVAL": auth.refresh_token_reuse_interval,
        "PASSWORD_MIN_LENGTH": auth.minimum_password_length,
        "PASSWORD_REQUIRED_CHARACTERS": REQUIREMENTS[auth.password_requirements],
        "SESSIONS_TIMEBOX": auth.sessions.timebox,
        "SESSIONS_INACTIVITY_TIMEOUT": auth.sessions.inactivity_timeout,
        **_messages(auth),
        **_protection(auth),
        **_keys_and_clients(auth),
    }
    for name, provider in auth.external.items():
        chosen |= {f"EXTERNAL_{name.upper()}_{k.upper()}": v for k, v in provider}
    return {f"GOTRUE_{name}": str(value) for name, value in chosen.items()}


def issuer(auth: Auth, auth_url: str) -> str:
    """Return the issuer that tokens name."""
    return auth.jwt_issuer or auth.external_url or auth_url


def _messages(auth: Auth) -> dict[str, object]:
    return {
        "EXTERNAL_EMAIL_ENABLED": auth.email.enabled and auth.email.enable_signup,
        "MAILER_AUTOCONFIRM": not auth.email.enable_confirmations,
        "MAILER_SECURE_EMAIL_CHANGE_ENABLED": auth.email.double_confirm_changes,
        "MAILER_OTP_LENGTH": auth.email.otp_length,
        "MAILER_OTP_EXP": auth.email.otp_expiry,
        "SMTP_MAX_FREQUENCY": auth.email.max_frequency,
        "SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION": auth.email.secure_password_change,
        "SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD": auth.email.require_current_password,
        "EXTERNAL_PHONE_ENABLED": auth.sms.enabled and auth.sms.enable_signup,
        # The service announces texts on auth.sms, and the workers send them.
        "SMS_PROVIDER": "workers",
        "SMS_AUTOCONFIRM": not auth.sms.enable_confirmations,
        "SMS_OTP_EXP": auth.sms.otp_expiry,
        "SMS_MAX_FREQUENCY": auth.sms.max_frequency,
    }


def _protection(auth: Auth) -> dict[str, object]:
    limits, hook = auth.rate_limit, auth.hook.custom_access_token
    return {
        "RATE_LIMIT_HEADER": "X-Real-IP",
        "RATE_LIMIT_TOKEN_REFRESH": limits.token_refresh,
        "RATE_LIMIT_VERIFY": limits.token_verifications,
        "RATE_LIMIT_OTP": limits.otp,
        "RATE_LIMIT_ANONYMOUS_USERS": limits.anonymous_users,
        "RATE_LIMIT_SIGN_IN": limits.sign_in_sign_ups,
        "RATE_LIMIT_EMAIL_SENT": limits.email_sent,
        "RATE_LIMIT_SMS_SENT": limits.sms_sent,
        "SECURITY_CAPTCHA_ENABLED": auth.captcha.enabled,
        "SECURITY_CAPTCHA_PROVIDER": auth.captcha.provider,
        "SECURITY_CAPTCHA_SECRET": auth.captcha.secret,
        "SECURITY_CAPTCHA_URL": auth.captcha.url,
        "MFA_TOTP_ENROLL_ENABLED": auth.mfa.totp.enroll_enabled,
        "MFA_TOTP_VERIFY_ENABLED": auth.mfa.totp.verify_enabled,
        "MFA_PHONE_ENROLL_ENABLED": auth.mfa.phone.enroll_enabled,
        "MFA_PHONE_VERIFY_ENABLED": auth.mfa.phone.verify_enabled,
        "MFA_WEB_AUTHN_ENROLL_ENABLED": auth.mfa.web_authn.enroll_enabled,
        "MFA_WEB_AUTHN_VERIFY_ENABLED": auth.mfa.web_authn.verify_enabled,
        "MFA_MAX_ENROLLED_FACTORS": auth.mfa.max_enrolled_factors,
        "HOOK_CUSTOM_ACCESS_TOKEN_ENABLED": hook.enabled,
        "HOOK_CUSTOM_ACCESS_TOKEN_URI": hook.uri,
    }


def _keys_and_clients(auth: Auth) -> dict[str, object]:
    site = {
        "RP_ID": auth.webauthn.rp_id,
        "RP_DISPLAY_NAME": auth.webauthn.rp_display_name,
        "RP_ORIGINS": ",".join(auth.webauthn.rp_origins),
    }
    return {
        "PASSKEY_ENABLED": auth.passkey.enabled,
        **{f"WEBAUTHN_{name}": value for name, value in site.items() if value},
        "OAUTH_SERVER_ENABLED": auth.oauth_server.enabled,
        "OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION": auth.oauth_server.allow_dynamic_registration,
        "OAUTH_SERVER_AUTHORIZATION_PATH": auth.oauth_server.authorization_url_path,
    }
