"""All settings, read once from the environment and from `.env`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import (
    AliasChoices,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from publishers import App, all_publishers
from scheduler import database, s3, vault
from scheduler.faults import WrongSetting
from scheduler.s3 import BucketSettings


def _env(name: str, default: Any = ..., **more: Any) -> Any:
    return Field(default, validation_alias=AliasChoices(name), **more)


class Settings(BaseSettings):
    """What an operator can set. Field descriptions are what `postbot doctor --env` prints."""

    model_config = SettingsConfigDict(
        env_file=".env", extra="ignore", case_sensitive=True, env_ignore_empty=True, frozen=True
    )

    database_url: str = _env(
        "POSTBOT_DATABASE_URL", "", description="`sqlite://…` or `postgres://…`"
    )
    redis_url: str = _env(
        "POSTBOT_REDIS_URL", "", description="`redis://…`; empty starts an embedded server"
    )
    redis_host: str = _env("REDIS_HOST", "", description="Redis host, instead of a URL")
    redis_port: int = _env("REDIS_PORT", 6379, ge=1, le=65535, description="Redis port")
    redis_password: SecretStr = _env("REDIS_PASSWORD", SecretStr(""), description="Redis password")
    redis_db: int = _env("REDIS_DB", 0, ge=0, description="Redis database number")
    data_dir: Path = _env(
        "POSTBOT_DATA_DIR", Path("data"), description="database, media and generated keys"
    )
    public_url: str = _env(
        "POSTBOT_PUBLIC_URL",
        "http://127.0.0.1:8080",
        description="where Slack, platforms and browsers reach us",
    )
    media_url: str = _env(
        "POSTBOT_MEDIA_URL",
        "",
        description="`s3://bucket/prefix`; empty keeps the files of posts in the data directory",
    )
    media_endpoint_url: str = _env(
        "POSTBOT_MEDIA_ENDPOINT", "", description="address of the S3 store; empty is Amazon's"
    )
    media_region: str = _env("POSTBOT_MEDIA_REGION", "us-east-1", description="its region")
    media_access_key: str = _env(
        "POSTBOT_MEDIA_ACCESS_KEY", "", description="access key; empty uses the machine's own role"
    )
    media_secret_key: SecretStr = _env(
        "POSTBOT_MEDIA_SECRET_KEY", SecretStr(""), description="its secret key"
    )
    media_cache: int = _env(
        "POSTBOT_MEDIA_CACHE",
        2000,
        ge=1,
        description="MB of this machine's disk for files fetched from the S3 store",
    )
    host: str = _env("POSTBOT_HOST", "127.0.0.1", description="address the web process listens on")
    port: int = _env("POSTBOT_PORT", 8080, ge=0, le=65535, description="its port")
    encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = _env(
        "POSTBOT_ENCRYPTION_KEYS",
        (),
        description="Fernet keys, newest first, separated by commas; generated when empty",
    )

    slack_bot_token: SecretStr = _env(
        "SLACK_BOT_TOKEN", SecretStr(""), description="bot token of one workspace, `xoxb-…`"
    )
    slack_signing_secret: SecretStr = _env(
        "SLACK_SIGNING_SECRET", SecretStr(""), description="proves that a request is Slack's"
    )
    slack_app_token: SecretStr = _env(
        "SLACK_APP_TOKEN", SecretStr(""), description="`xapp-…`; turns Socket Mode on"
    )
    slack_client_id: str = _env(
        "SLACK_CLIENT_ID", "", description="many workspaces by OAuth: client id of the Slack app"
    )
    slack_client_secret: SecretStr = _env(
        "SLACK_CLIENT_SECRET", SecretStr(""), description="its client secret"
    )
    slack_workspaces: Annotated[tuple[str, ...], NoDecode] = _env(
        "SLACK_WORKSPACES",
        (),
        description="ids (`T…`, `E…`) of the workspaces and organisations that may install, "
        "separated by commas; empty = any",
    )
    slack_authorize_url: str = _env(
        "SLACK_AUTHORIZE_URL",
        "https://slack.com/oauth/v2/authorize",
        description="Slack's consent page",
    )
    slack_api_url: str = _env(
        "SLACK_API_URL", "https://slack.com/api/", description="Slack's Web API"
    )

    facebook_client_id: str = _env("FACEBOOK_CLIENT_ID", "", description="Meta app: app id")
    facebook_client_secret: SecretStr = _env(
        "FACEBOOK_CLIENT_SECRET", SecretStr(""), description="Meta app: app secret"
    )
    facebook_api_url: str = _env(
        "FACEBOOK_API_URL", "https://graph.facebook.com/v26.0", description="Facebook's Graph API"
    )
    facebook_authorize_url: str = _env(
        "FACEBOOK_AUTHORIZE_URL",
        "https://www.facebook.com/v26.0/dialog/oauth",
        description="Facebook's consent page",
    )
    facebook_upload_url: str = _env(
        "FACEBOOK_UPLOAD_URL",
        "https://rupload.facebook.com",
        description="where Facebook takes the bytes of a video",
    )
    facebook_two_step: bool = _env(
        "FACEBOOK_TWO_STEP",
        True,
        description="create a Page post unpublished first, then publish it: a doubtful post can "
        "then be looked up by its id",
    )

    instagram_login: Literal["instagram", "facebook"] = _env(
        "INSTAGRAM_LOGIN",
        "instagram",
        description="`instagram` or `facebook`: the login that your Meta app is set up with",
    )
    instagram_client_id: str = _env(
        "INSTAGRAM_CLIENT_ID", "", description="Meta app: its Instagram app id"
    )
    instagram_client_secret: SecretStr = _env(
        "INSTAGRAM_CLIENT_SECRET", SecretStr(""), description="Meta app: its Instagram app secret"
    )
    instagram_api_url: str = _env(
        "INSTAGRAM_API_URL", "", description="Instagram's API; empty = that of the login"
    )
    instagram_authorize_url: str = _env(
        "INSTAGRAM_AUTHORIZE_URL",
        "",
        description="Instagram's consent page; empty = that of the login",
    )
    instagram_token_url: str = _env(
        "INSTAGRAM_TOKEN_URL",
        "https://api.instagram.com/oauth/access_token",
        description="where the login `instagram` gives tokens",
    )

    pinterest_client_id: str = _env("PINTEREST_CLIENT_ID", "", description="Pinterest app: app id")
    pinterest_client_secret: SecretStr = _env(
        "PINTEREST_CLIENT_SECRET", SecretStr(""), description="Pinterest app: secret key"
    )
    pinterest_api_url: str = _env(
        "PINTEREST_API_URL",
        "https://api.pinterest.com/v5",
        description="Pinterest API; its sandbox is `https://api-sandbox.pinterest.com/v5`",
    )
    pinterest_authorize_url: str = _env(
        "PINTEREST_AUTHORIZE_URL",
        "https://www.pinterest.com/oauth/",
        description="Pinterest's consent page",
    )

    x_client_id: str = _env("X_CLIENT_ID", "", description="X app: OAuth 2.0 client id")
    x_client_secret: SecretStr = _env(
        "X_CLIENT_SECRET", SecretStr(""), description="X app: client secret; empty = public client"
    )
    x_monthly_budget: float = _env(
        "X_MONTHLY_BUDGET",
        0.0,
        ge=0,
        description="US dollars a month that posts on X may cost by X's price list; 0 = no limit",
    )
    x_api_url: str = _env("X_API_URL", "https://api.x.com", description="X API")
    x_authorize_url: str = _env(
        "X_AUTHORIZE_URL", "https://x.com/i/oauth2/authorize", description="X consent page"
    )

    retry_delays: Annotated[tuple[float, ...], NoDecode] = _env(
        "POSTBOT_RETRY_DELAYS",
        (60.0, 300.0, 900.0),
        description="seconds before the 2nd, 3rd, … attempt",
    )
    late_window: float = _env(
        "POSTBOT_LATE_WINDOW",
        3600.0,
        gt=0,
        description="seconds a post may be late before its author is asked",
    )
    park_limit: float = _env(
        "POSTBOT_PARK_LIMIT",
        86_400.0,
        gt=0,
        description="seconds a post may wait past its time for a platform or account that is down; "
        "then its author is asked",
    )
    request_timeout: float = _env(
        "POSTBOT_REQUEST_TIMEOUT",
        30.0,
        gt=0,
        le=300,
        description="seconds for one whole request to a platform",
    )
    send_budget: float = _env(
        "POSTBOT_SEND_BUDGET",
        5.0,
        gt=0,
        description="seconds after which a held-up process may no longer send",
    )
    look_gaps: Annotated[tuple[float, ...], NoDecode] = _env(
        "POSTBOT_LOOK_GAPS",
        (15.0, 60.0, 300.0),
        description="seconds between looks for an unconfirmed post, then its author is asked",
    )
    settle: float = _env(
        "POSTBOT_SETTLE",
        45.0,
        gt=0,
        description="seconds before the first look for an unconfirmed post",
    )
    duplicate_hours: float = _env(
        "POSTBOT_DUPLICATE_HOURS",
        24.0,
        ge=0,
        description="hours around a post in which the same one to the same account is asked about; "
        "0 = never",
    )
    keep_days: int = _env(
        "POSTBOT_KEEP_DAYS", 90, ge=1, description="days that attempts and events are kept"
    )
    log_level: str = _env(
        "POSTBOT_LOG_LEVEL", "info", description="`debug`, `info`, `warning` or `error`"
    )

    @field_validator(
        "encryption_keys", "retry_delays", "look_gaps", "slack_workspaces", mode="before"
    )
    @classmethod
    def _split(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("retry_delays", "look_gaps")
    @classmethod
    def _positive(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if not value or len(value) > 10 or not all(0 < delay <= 86_400 for delay in value):
            raise ValueError("must be 1 to 10 numbers of seconds, each from above 0 to 86400")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value:
            database.is_sqlite(value)
        return value

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("must begin with redis://, rediss:// or unix://")
        return value

    @field_validator("media_url")
    @classmethod
    def _media(cls, value: str) -> str:
        if value:
            s3.parse_bucket_url(value)
        return value

    @field_validator("encryption_keys")
    @classmethod
    def _keys(cls, value: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        if value:
            vault.Vault([key.get_secret_value() for key in value])
        return value

    @field_validator("*", mode="after")
    @classmethod
    def _url(cls, value: Any, about: ValidationInfo) -> Any:
        name = str(about.field_name)
        if (
            not name.endswith("_url")
            or name in ("database_url", "redis_url", "media_url")
            or not value
        ):
            return value
        if not value.startswith(("http://", "https://")):
            raise ValueError("must begin with http:// or https://")
        return value.rstrip("/")

    @field_validator("log_level")
    @classmethod
    def _level(cls, value: str) -> str:
        if value.lower() not in ("debug", "info", "warning", "error"):
            raise ValueError("must be debug, info, warning or error")
        return value.lower()

    @field_validator("slack_bot_token")
    @classmethod
    def _bot_token(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith("xoxb-"):
            raise ValueError("must begin with xoxb-; copy the Bot User OAuth Token of your app")
        return value

    @field_validator("slack_app_token")
    @classmethod
    def _app_token(cls, value: SecretStr) -> SecretStr:
        if value.get_secret_value() and not value.get_secret_value().startswith("xapp-"):
            raise ValueError("must begin with xapp-; create an app-level token for Socket Mode")
        return value

    @model_validator(mode="after")
    def _together(self) -> Settings:
        if self.settle <= self.request_timeout:
            raise ValueError(
                "POSTBOT_SETTLE must be more than POSTBOT_REQUEST_TIMEOUT: a post is looked for "
                "only when its request can no longer arrive"
            )
        if bool(self.slack_client_id) != bool(self.slack_client_secret.get_secret_value()):
            raise ValueError(
                "SLACK_CLIENT_ID and SLACK_CLIENT_SECRET belong together: set both or neither"
            )
        if bool(self.media_access_key) != bool(self.media_secret_key.get_secret_value()):
            raise ValueError(
                "POSTBOT_MEDIA_ACCESS_KEY and POSTBOT_MEDIA_SECRET_KEY belong together: set both "
                "or neither"
            )
        return self

    @property
    def database(self) -> str:
        """The database URL that is in force."""
        return self.database_url or f"sqlite://{(self.data_dir / 'postbot.sqlite3').absolute()}"

    @property
    def redis(self) -> str:
        """The Redis URL that is in force; empty when an embedded server shall run."""
        if self.redis_url or not self.redis_host:
            return self.redis_url
        password = quote(self.redis_password.get_secret_value(), safe="")
        login = f":{password}@" if password else ""
        return f"redis://{login}{self.redis_host}:{self.redis_port}/{self.redis_db}"

    def bucket(self) -> BucketSettings | None:
        """The bucket of the media store; `None` when the files lie in the data directory."""
        if not self.media_url:
            return None
        bucket, prefix = s3.parse_bucket_url(self.media_url)
        return BucketSettings(
            bucket=bucket,
            prefix=prefix,
            endpoint=self.media_endpoint_url,
            region=self.media_region,
            access_key=self.media_access_key,
            secret_key=self.media_secret_key.get_secret_value(),
        )

    @property
    def late_by(self) -> timedelta:
        return timedelta(seconds=self.late_window)

    @property
    def key_file(self) -> vault.KeyFile:
        """Where the keys lie when none are set."""
        return vault.KeyFile(self.data_dir)

    @property
    def park_for(self) -> timedelta:
        return timedelta(seconds=self.park_limit)

    def keys(self) -> list[str]:
        """The encryption keys, newest first; made for the data directory when none are set."""
        if self.encryption_keys:
            return [key.get_secret_value() for key in self.encryption_keys]
        self.data_dir.mkdir(parents=True, exist_ok=True)
        return self.key_file.read_or_make()

    def app(self, platform: str) -> App:
        """Our registration with a platform."""
        values = self.model_dump()
        return App(
            client_id=values[f"{platform}_client_id"],
            client_secret=values[f"{platform}_client_secret"].get_secret_value(),
            api_url=values[f"{platform}_api_url"],
            authorize_url=values[f"{platform}_authorize_url"],
            options={
                name.removeprefix(f"{platform}_"): value
                for name, value in values.items()
                if name.startswith(f"{platform}_") and not isinstance(value, SecretStr)
            },
        )

    def platforms(self) -> list[str]:
        """The platforms whose app credentials are set."""
        return [name for name in all_publishers() if self.app(name).client_id]


def read_settings(**overrides: Any) -> Settings:
    """The settings from environment and `.env`. Raises `WrongSetting` with one sentence for each
    fault, each naming the variable."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise WrongSetting("\n".join(_sentence(fault) for fault in error.errors())) from None


def table() -> list[tuple[str, str, str]]:
    """Variable, default and meaning of every setting, in order."""
    return [_row(name) for name in Settings.model_fields]


def variable(field: str) -> str:
    """The environment variable of a field."""
    alias = Settings.model_fields[field].validation_alias
    assert isinstance(alias, AliasChoices)
    return str(alias.choices[0])


def _row(name: str) -> tuple[str, str, str]:
    field = Settings.model_fields[name]
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, tuple):
        default = ",".join(f"{part:g}" for part in default)
    return variable(name), str(default), field.description or ""


def _sentence(fault: Any) -> str:
    message = str(fault["msg"]).removeprefix("Value error, ")
    if not fault["loc"]:
        return message
    return f"{fault['loc'][0]}: {message[0].lower() + message[1:]}"
