"""[auth] of the configuration: Supabase's keys that mean something to our own sign-in."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

NotRead = dict[str, Any]
Seconds = Annotated[str, Field(pattern=r"^(\d+(\.\d+)?(ms|s|m|h))+$|^\d+$")]


class Section(BaseModel):
    """A table of the file, in which every key must be known and of its type."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Smtp(Section):
    """The mail server; without it, mail goes to the local mailbox."""

    enabled: bool = False
    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    user: str = ""
    password: Annotated[str, Field(alias="pass")] = ""
    admin_email: str = ""
    sender_name: str = ""

    @model_validator(mode="after")
    def _names_a_server(self) -> Self:
        if self.enabled and not self.host:
            raise ValueError("it needs a host")
        return self


class Twilio(Section):
    """SMS by Twilio. `message_service_sid` may be a number of ours too, as with Supabase."""

    enabled: bool = False
    account_sid: str = ""
    message_service_sid: str = ""
    auth_token: str = ""

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.enabled and not (self.account_sid and self.message_service_sid and self.auth_token):
            raise ValueError("it needs account_sid, message_service_sid and auth_token")
        return self


class Email(Section):
    """By mail. `otp_expiry` in seconds. `enable_signup` is the old name of `enabled`."""

    enabled: bool = True
    enable_signup: bool = True
    double_confirm_changes: bool = True
    enable_confirmations: bool = False
    secure_password_change: bool = False
    require_current_password: bool = False
    max_frequency: Seconds = "1s"
    otp_length: Annotated[int, Field(ge=6, le=10)] = 6
    otp_expiry: Annotated[int, Field(gt=0, le=86_400)] = 3600
    smtp: Smtp = Smtp()
    template: NotRead = {}
    notification: NotRead = {}


class Sms(Section):
    """By SMS. `otp_expiry`, which is ours, in seconds. `enable_signup` is as in `Email`."""

    enabled: bool = True
    enable_signup: bool = True
    enable_confirmations: bool = False
    template: str = "Your code is {{ .Code }}"
    max_frequency: Seconds = "5s"
    otp_expiry: Annotated[int, Field(gt=0, le=3600)] = 600
    test_otp: NotRead = {}
    twilio: Twilio = Twilio()
    twilio_verify: NotRead = {}
    messagebird: NotRead = {}
    textlocal: NotRead = {}
    vonage: NotRead = {}


class RateLimit(Section):
    """Requests of one address in five minutes; of what is sent, all in an hour."""

    email_sent: Annotated[int, Field(ge=0)] = 30
    sms_sent: Annotated[int, Field(ge=0)] = 30
    anonymous_users: Annotated[int, Field(gt=0)] = 30
    token_refresh: Annotated[int, Field(gt=0)] = 150
    sign_in_sign_ups: Annotated[int, Field(gt=0)] = 30
    token_verifications: Annotated[int, Field(gt=0)] = 30
    otp: Annotated[int, Field(gt=0)] = 30
    web3: int = 30


class Captcha(Section):
    """A service that tells people from programs; `url` is ours."""

    enabled: bool = False
    provider: str = "hcaptcha"
    secret: str = ""
    url: str = ""


class Sessions(Section):
    """How long a session may last: in all, and without being used."""

    timebox: Seconds = "0"
    inactivity_timeout: Seconds = "0"


class Hook(Section):
    """A function of the database, pg-functions://postgres/<schema>/<function>."""

    enabled: bool = False
    uri: str = ""
    secrets: str = ""


class Hooks(Section):
    """What sign-in asks before it goes on."""

    custom_access_token: Hook = Hook()
    before_user_created: NotRead = {}
    after_user_created: NotRead = {}
    mfa_verification_attempt: NotRead = {}
    password_verification_attempt: NotRead = {}
    send_sms: NotRead = {}
    send_email: NotRead = {}


class Enabled(Section):
    """Whether a kind of factor is offered."""

    enroll_enabled: bool = True
    verify_enabled: bool = True


class Offered(Section):
    """Whether a kind of factor is offered that is off by default."""

    enroll_enabled: bool = False
    verify_enabled: bool = False


class PhoneFactor(Offered):
    """Codes by text message as a second factor."""

    # Read by Supabase. Here a code is as long as any other, and waits as any other text message.
    otp_length: Any = None
    template: Any = None
    max_frequency: Any = None


class Passkey(Section):
    """Signing in by the key of a device."""

    enabled: bool = False


class Webauthn(Section):
    """The site that keys and passkeys are made for; by default that of `site_url`."""

    rp_id: str = ""
    rp_display_name: str = ""
    rp_origins: list[str] = []


class OAuthServer(Section):
    """Signing in elsewhere with an account of here."""

    enabled: bool = False
    allow_dynamic_registration: bool = False
    authorization_url_path: str = "/oauth/consent"


class Mfa(Section):
    """Second factors."""

    max_enrolled_factors: Annotated[int, Field(gt=0, le=100)] = 10
    totp: Enabled = Enabled()
    phone: PhoneFactor = PhoneFactor()
    web_authn: Offered = Offered()


class External(Section):
    """An outside service that says who somebody is."""

    enabled: bool = False
    client_id: str = ""
    secret: str = ""
    redirect_uri: str = ""
    url: str = ""
    skip_nonce_check: bool = False
    email_optional: bool = False


class Auth(Section):
    """The table [auth]. `jwt_expiry` in seconds."""

    enabled: bool = True
    site_url: str = "http://127.0.0.1:3000"
    external_url: str | None = None
    additional_redirect_urls: list[str] = []
    jwt_expiry: Annotated[int, Field(gt=0, le=604_800)] = 3600
    jwt_issuer: str | None = None
    jwt_secret: Annotated[str, Field(min_length=32)] | None = None
    anon_key: str | None = None
    service_role_key: str | None = None
    publishable_key: str | None = None
    secret_key: str | None = None
    signing_keys_path: str | None = None
    enable_refresh_token_rotation: bool = True
    refresh_token_reuse_interval: Annotated[int, Field(ge=0)] = 10
    enable_signup: bool = True
    enable_anonymous_sign_ins: bool = False
    enable_manual_linking: bool = False
    minimum_password_length: Annotated[int, Field(ge=6)] = 6
    password_requirements: str = ""
    passkey: Passkey = Passkey()
    webauthn: Webauthn = Webauthn()
    rate_limit: RateLimit = RateLimit()
    captcha: Captcha = Captcha()
    email: Email = Email()
    sms: Sms = Sms()
    sessions: Sessions = Sessions()
    hook: Hooks = Hooks()
    mfa: Mfa = Mfa()
    external: dict[str, External] = {}
    web3: NotRead = {}
    third_party: NotRead = {}
    oauth_server: OAuthServer = OAuthServer()
