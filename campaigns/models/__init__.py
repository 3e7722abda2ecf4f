"""Every model of the campaigns app."""

from campaigns.models.accounts import AddressTrouble, ProviderAccount, ProviderEvent
from campaigns.models.contents import Content, ContentVersion, Link
from campaigns.models.domains import SenderDomain
from campaigns.models.enrollments import Enrollment
from campaigns.models.limits import AccountSuspension, DailySends
from campaigns.models.messages import Message, MessageClaim, QueuedMessage
from campaigns.models.pressure import ChannelRule, Pressure
from campaigns.models.sequences import Sequence, SequenceVersion, Step
from campaigns.models.signups import Signup, SignupForm, SignupFormTopic
from campaigns.models.texts import IncomingText, TextSender, TextSignup
from campaigns.models.tracking import TrackingEvent

__all__ = [
    "AccountSuspension",
    "AddressTrouble",
    "ChannelRule",
    "Content",
    "ContentVersion",
    "DailySends",
    "Enrollment",
    "IncomingText",
    "Link",
    "Message",
    "MessageClaim",
    "Pressure",
    "ProviderAccount",
    "ProviderEvent",
    "QueuedMessage",
    "SenderDomain",
    "Sequence",
    "SequenceVersion",
    "Signup",
    "SignupForm",
    "SignupFormTopic",
    "Step",
    "TextSender",
    "TextSignup",
    "TrackingEvent",
]
