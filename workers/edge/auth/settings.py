"""The settings of a sign-in service, with the environment names of Supabase Auth."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

from workers.edge.auth.environment import Environment, Rate

PROVIDERS = ("google", "apple", "github", "facebook")
# Requests of one network address in five minutes, by route; Supabase's names and defaults.
RATE_LIMITS = {
    "TOKEN_REFRESH": "150",
    "VERIFY": "30",
    "OTP": "30",
    "ANONYMOUS_USERS": "30",
    "SIGN_IN": "30",
}


@dataclass(frozen=True)
class Provider:
    """An identity provider. `url` replaces its own address."""

    name: str
    client_ids: tuple[str, ...]
    secret: str
    redirect_uri: str
    url: str | None
    skips_nonce_check: bool


@dataclass(frozen=True)
class Settings:
    """The settings of one service. Times are in seconds."""

    external_url: str
    site_url: str
    allow_list: tuple[str, ...]
    issuer: str
    jwt_secret: str
    jwt_keys: str
    jwt_exp: int
    aud: str
    admin_roles: frozenset[str]
    signup_is_disabled: bool
    email_is_enabled: bool
    phone_is_enabled: bool
    anonymous_is_enabled: bool
    linking_is_enabled: bool
    email_autoconfirm: bool
    phone_autoconfirm: bool
    secure_email_change: bool
    reauthentication_required: bool
    current_password_required: bool
    email_otp_exp: int
    phone_otp_exp: int
    otp_length: int
    email_max_frequency: int
    phone_max_frequency: int
    password_min_length: int
    password_characters: tuple[str, ...]
    breach_url: str | None
    rotation: bool
    reuse_interval: int
    timebox: int | None
    inactivity_timeout: int | None
    factors: frozenset[str]
    max_factors: int
    challenge_exp: int
    passkeys_are_enabled: bool
    max_passkeys: int
    rp_id: str
    rp_name: str
    rp_origins: tuple[str, ...]
    clients_are_enabled: bool
    clients_may_register: bool
    consent_path: str
    default_scope: str
    sms_provider: str
    access_token_hook: str | None
    captcha_url: str | None
    captcha_secret: str
    address_header: str | None
    email_limit: Rate | None
    phone_limit: Rate | None
    rate_limits: Mapping[str, Rate] = field(default_factory=dict)
    providers: Mapping[str, Provider] = field(default_factory=dict)

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Settings:
        """Read the environment. The defaults are Supabase Auth's."""
        return _Reader(environment).settings()

    def for_database(self) -> dict[str, Any]:
        """Return the values that functions read with auth.setting. None is secret."""
        return {
            "external_url": self.external_url,
            "issuer": self.issuer,
            "aud": self.aud,
            "jwt_exp": self.jwt_exp,
            "email_autoconfirm": self.email_autoconfirm,
            "phone_autoconfirm": self.phone_autoconfirm,
            "secure_email_change": self.secure_email_change,
            "email_otp_exp": self.email_otp_exp,
            "phone_otp_exp": self.phone_otp_exp,
            "email_max_frequency": self.email_max_frequency,
            "phone_max_frequency": self.phone_max_frequency,
            "email_limit": self.email_limit and asdict(self.email_limit),
            "phone_limit": self.phone_limit and asdict(self.phone_limit),
            "rotation": self.rotation,
            "reuse_interval": self.reuse_interval,
            "timebox": self.timebox,
            "inactivity_timeout": self.inactivity_timeout,
            "max_factors": self.max_factors,
            "challenge_exp": self.challenge_exp,
            "max_passkeys": self.max_passkeys,
            "access_token_hook": self.access_token_hook,
        }


class _Reader(Environment):
    """Reads the settings of one environment."""

    def settings(self) -> Settings:
        site_url = self.text("SITE_URL", "http://localhost:3000")
        external_url = self.text("API_EXTERNAL_URL", site_url).rstrip("/")
        return Settings(
            external_url=external_url,
            site_url=site_url,
            allow_list=self.listed("URI_ALLOW_LIST"),
            issuer=self.text("JWT_ISSUER", external_url),
            jwt_secret=self.text("JWT_SECRET"),
            jwt_keys=self.text("JWT_KEYS"),
            jwt_exp=self.number("JWT_EXP", 3600),
            aud=self.text("JWT_AUD", "authenticated"),
            admin_roles=frozenset(self.listed("JWT_ADMIN_ROLES", "service_role,supabase_admin")),
            providers=self.providers(external_url),
            **self.ways_in(),
            **self.codes(),
            **self.passwords(),
            **self.sessions(),
            **self.protection(),
            **self.keys(site_url),
            **self.clients(),
        )

    def ways_in(self) -> dict[str, Any]:
        return {
            "signup_is_disabled": self.flag("DISABLE_SIGNUP", default=False),
            "email_is_enabled": self.flag("EXTERNAL_EMAIL_ENABLED", default=True),
            "phone_is_enabled": self.flag("EXTERNAL_PHONE_ENABLED", default=False),
            "anonymous_is_enabled": self.flag("EXTERNAL_ANONYMOUS_USERS_ENABLED", default=False),
            "linking_is_enabled": self.flag("SECURITY_MANUAL_LINKING_ENABLED", default=False),
            "email_autoconfirm": self.flag("MAILER_AUTOCONFIRM", default=False),
            "phone_autoconfirm": self.flag("SMS_AUTOCONFIRM", default=False),
            "secure_email_change": self.flag("MAILER_SECURE_EMAIL_CHANGE_ENABLED", default=True),
            "access_token_hook": self.hook(),
        }

    def codes(self) -> dict[str, Any]:
        return {
            "email_otp_exp": self.seconds("MAILER_OTP_EXP", "3600"),
            "phone_otp_exp": self.seconds("SMS_OTP_EXP", "600"),
            "otp_length": min(10, max(6, self.number("MAILER_OTP_LENGTH", 6))),
            "email_max_frequency": self.seconds("SMTP_MAX_FREQUENCY", "1m"),
            "phone_max_frequency": self.seconds("SMS_MAX_FREQUENCY", "1m"),
            "sms_provider": self.sms_provider(),
        }

    def sms_provider(self) -> str:
        """Return who sends texts: the workers, or a provider whose keys are set."""
        name = self.text("SMS_PROVIDER")
        is_complete = name != "twilio" or self.text("SMS_TWILIO_ACCOUNT_SID")
        return name if is_complete else ""

    def passwords(self) -> dict[str, Any]:
        hibp = self.flag("PASSWORD_HIBP_ENABLED", default=False)
        reauthentication = "SECURITY_UPDATE_PASSWORD_REQUIRE_REAUTHENTICATION"
        current = "SECURITY_UPDATE_PASSWORD_REQUIRE_CURRENT_PASSWORD"
        return {
            "password_min_length": self.number("PASSWORD_MIN_LENGTH", 6),
            # Colons separate groups. A literal colon is written \:
            "password_characters": tuple(
                group.replace("\\:", ":")
                for group in re.split(r"(?<!\\):", self.text("PASSWORD_REQUIRED_CHARACTERS"))
                if group
            ),
            "breach_url": self.text("PASSWORD_HIBP_URL", "https://api.pwnedpasswords.com")
            if hibp
            else None,
            "reauthentication_required": self.flag(reauthentication, default=False),
            "current_password_required": self.flag(current, default=False),
        }

    def sessions(self) -> dict[str, Any]:
        return {
            "rotation": self.flag("SECURITY_REFRESH_TOKEN_ROTATION_ENABLED", default=True),
            "reuse_interval": self.seconds("SECURITY_REFRESH_TOKEN_REUSE_INTERVAL", "10"),
            "timebox": self.seconds("SESSIONS_TIMEBOX", "0") or None,
            "inactivity_timeout": self.seconds("SESSIONS_INACTIVITY_TIMEOUT", "0") or None,
            "factors": frozenset(self.factors()),
            "max_factors": self.number("MFA_MAX_ENROLLED_FACTORS", 10),
            "challenge_exp": self.seconds("MFA_CHALLENGE_EXPIRY_DURATION", "300"),
        }

    def factors(self) -> Iterator[str]:
        """Yield the kinds of second factor that may be added and used."""
        for kind, name, default in (
            ("totp", "TOTP", True),
            ("phone", "PHONE", False),
            ("webauthn", "WEB_AUTHN", False),
        ):
            if self.flag(f"MFA_{name}_ENROLL_ENABLED", default=default) and self.flag(
                f"MFA_{name}_VERIFY_ENABLED", default=default
            ):
                yield kind

    def keys(self, site_url: str) -> dict[str, Any]:
        """Return the site that keys and passkeys are made for, by default that of the site URL."""
        site = urlsplit(site_url)
        return {
            "passkeys_are_enabled": self.flag("PASSKEY_ENABLED", default=False),
            "max_passkeys": self.number("PASSKEY_MAX_PASSKEYS_PER_USER", 10),
            "rp_id": self.text("WEBAUTHN_RP_ID", site.hostname or ""),
            "rp_name": self.text("WEBAUTHN_RP_DISPLAY_NAME", site.hostname or ""),
            "rp_origins": self.listed("WEBAUTHN_RP_ORIGINS", f"{site.scheme}://{site.netloc}"),
        }

    def clients(self) -> dict[str, Any]:
        return {
            "clients_are_enabled": self.flag("OAUTH_SERVER_ENABLED", default=False),
            "clients_may_register": self.flag(
                "OAUTH_SERVER_ALLOW_DYNAMIC_REGISTRATION", default=False
            ),
            "consent_path": self.text("OAUTH_SERVER_AUTHORIZATION_PATH", "/oauth/consent"),
            "default_scope": self.text("OAUTH_SERVER_DEFAULT_SCOPE", "email"),
        }

    def protection(self) -> dict[str, Any]:
        captcha = self.flag("SECURITY_CAPTCHA_ENABLED", default=False)
        known = {
            "hcaptcha": "https://hcaptcha.com/siteverify",
            "turnstile": "https://challenges.cloudflare.com/turnstile/v0/siteverify",
        }
        provider = self.text("SECURITY_CAPTCHA_PROVIDER", "hcaptcha")
        return {
            "captcha_url": self.text("SECURITY_CAPTCHA_URL", known.get(provider, provider))
            if captcha
            else None,
            "captcha_secret": self.text("SECURITY_CAPTCHA_SECRET"),
            "address_header": self.text("RATE_LIMIT_HEADER") or None,
            "rate_limits": {
                name: rate
                for name, default in RATE_LIMITS.items()
                if (rate := self.rate(f"RATE_LIMIT_{name}", default, seconds=300))
            },
            "email_limit": self.rate("RATE_LIMIT_EMAIL_SENT", "", seconds=3600),
            "phone_limit": self.rate("RATE_LIMIT_SMS_SENT", "", seconds=3600),
        }

    def hook(self) -> str | None:
        """Return the SQL function of a URI such as pg-functions://postgres/public/name."""
        if not self.flag("HOOK_CUSTOM_ACCESS_TOKEN_ENABLED", default=False):
            return None
        return ".".join(self.text("HOOK_CUSTOM_ACCESS_TOKEN_URI").split("/")[-2:])

    def providers(self, external_url: str) -> dict[str, Provider]:
        return {
            name: Provider(
                name=name,
                client_ids=self.listed(f"EXTERNAL_{name.upper()}_CLIENT_ID"),
                secret=self.text(f"EXTERNAL_{name.upper()}_SECRET"),
                redirect_uri=self.text(
                    f"EXTERNAL_{name.upper()}_REDIRECT_URI", f"{external_url}/callback"
                ),
                url=self.text(f"EXTERNAL_{name.upper()}_URL").rstrip("/") or None,
                skips_nonce_check=self.flag(
                    f"EXTERNAL_{name.upper()}_SKIP_NONCE_CHECK", default=False
                ),
            )
            for name in PROVIDERS
            if self.flag(f"EXTERNAL_{name.upper()}_ENABLED", default=False)
        }
