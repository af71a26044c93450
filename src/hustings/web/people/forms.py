"""The forms about accounts, and the kinds of fields that their API shares."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from hustings import limits
from hustings.web import views
from hustings.web.accounts import SiteRole
from hustings.web.forms import Email
from hustings.web.people.profile import HANDLE

_HANDLE_WORDS = (
    f"a handle has {limits.HANDLE_CHARS_MIN} to {limits.HANDLE_CHARS} of the letters a to z, "
    "digits and _"
)


def _handle(text: str) -> str:
    text = text.strip().removeprefix("@").lower()
    if text and not HANDLE.fullmatch(text):
        raise ValueError(_HANDLE_WORDS)
    return text


Handle = Annotated[str, Field(max_length=limits.HANDLE_CHARS + 1), AfterValidator(_handle)]
Biography = Annotated[str, Field(max_length=limits.BIOGRAPHY_CHARS), views.PLAIN]
NewPassword = Annotated[
    str, Field(min_length=limits.PASSWORD_CHARS_MIN, max_length=limits.PASSWORD_CHARS_MAX)
]
_OldPassword = Annotated[str, Field(max_length=limits.PASSWORD_CHARS_MAX)]


class JoinForm(BaseModel):
    """A new account. The address of an invitation wins over `email`."""

    name: views.Name
    email: Email
    password: NewPassword


class AddressForm(BaseModel):
    """Somebody's address."""

    email: Email


class ResetForm(BaseModel):
    """A new password by a link."""

    password: NewPassword


class ProfileForm(BaseModel):
    """How others see an account."""

    name: views.Name
    handle: Handle = ""
    biography: Biography = ""


class PasswordForm(BaseModel):
    """Another password. `old_password` is empty where there was none."""

    old_password: _OldPassword = ""
    new_password: NewPassword


class PasskeyForm(BaseModel):
    """What a passkey is called."""

    passkey_name: views.Name


class DeleteForm(BaseModel):
    """The last question before an account is deleted."""

    password: _OldPassword = ""


class InviteForm(BaseModel):
    """An invitation to the site."""

    email: Email | Annotated[str, Field(max_length=0)] = ""
    role: SiteRole = SiteRole.MEMBER


class RoleForm(BaseModel):
    """Another role."""

    role: SiteRole
