"""Every id that Slack sends back to us, once. Views write them, listeners match them."""

from __future__ import annotations

# Slash command and shortcuts
COMMAND = "/schedule-post"
SHORTCUT_SCHEDULE = "schedule_post"
SHORTCUT_FROM_MESSAGE = "post_from_message"

# Step of a workflow, its inputs and its output
STEP = "schedule_post"
STEP_AUTHOR = "author"
STEP_TEXT = "text"
STEP_ACCOUNTS = "accounts"
STEP_TIME = "time"
STEP_POST = "post_id"

# Composer
COMPOSER = "composer"
COMPOSER_ACCOUNTS = "composer_accounts"
COMPOSER_TEXT = "composer_text"
# One field for each platform or account, named behind a colon
COMPOSER_VARIANT = "composer_variant"
COMPOSER_PLACE = "composer_place"
COMPOSER_ADAPT = "composer_adapt"
COMPOSER_LINK = "composer_link"
COMPOSER_TITLE = "composer_title"
COMPOSER_FIRST_COMMENT = "composer_first_comment"
COMPOSER_TWICE = "composer_twice"
COMPOSER_MEDIA = "composer_media"
COMPOSER_ALT_TEXT = "composer_alt_text"
COMPOSER_WHEN = "composer_when"
COMPOSER_WORDS = "composer_words"
COMPOSER_DATE = "composer_date"
COMPOSER_TIME = "composer_time"
COMPOSER_FOLD = "composer_fold"
COMPOSER_HOW = "composer_how"
COMPOSER_WEEKDAYS = "composer_weekdays"
COMPOSER_UNTIL = "composer_until"
COMPOSER_TIMES = "composer_times"
COMPOSER_COUNTER = "composer_counter"
COMPOSER_WHEN_NOTE = "composer_when_note"
COMPOSER_REFRESH = "composer_refresh"
COMPOSER_KEPT = "composer_kept"
COMPOSER_OVERWRITE = "composer_overwrite"
COMPOSER_BUTTONS = "composer_buttons"
COMPOSER_PREVIEW = "composer_preview"
COMPOSER_SAVE_DRAFT = "composer_save_draft"
# Values of the choices in it
COMPOSER_NOW = "now"
COMPOSER_LATER = "later"
COMPOSER_SLOT = "slot"
COMPOSER_REPEAT = "repeat"
COMPOSER_FIRST = "first"
COMPOSER_SECOND = "second"
COMPOSER_YES = "yes"
# What changes only how the composer looks
TYPED = (
    COMPOSER_ACCOUNTS,
    COMPOSER_TEXT,
    COMPOSER_ADAPT,
    COMPOSER_VARIANT,
    COMPOSER_LINK,
    COMPOSER_PLACE,
    COMPOSER_WHEN,
    COMPOSER_WORDS,
    COMPOSER_DATE,
    COMPOSER_TIME,
    COMPOSER_FOLD,
    COMPOSER_HOW,
    COMPOSER_WEEKDAYS,
    COMPOSER_UNTIL,
    COMPOSER_TIMES,
    COMPOSER_REFRESH,
    COMPOSER_KEPT,
)

# Drafts; the value is the post
DRAFT_OPEN = "draft_open"
DRAFT_CONTINUE = "draft_continue"
DRAFT_DELETE = "draft_delete"

# Card and notices: the block id carries the post and the card's version, the value the delivery
CARD_ACTIONS = "card"
RETRY_NOW = "retry_now"
POST_MANUALLY = "post_manually"
RESCHEDULE = "reschedule"
CANCEL = "cancel"
EDIT = "edit"
DUPLICATE = "duplicate"
RECONNECT = "reconnect"
PUBLISH_NOW = "publish_now"
IS_LIVE = "is_live"
IS_NOT_LIVE = "is_not_live"
SKIP = "skip"

# Modals of the recovery
MARK_POSTED = "mark_posted"
MARK_POSTED_LINK = "mark_posted_link"
CONFIRM_LIVE = "confirm_live"
CONFIRM_LIVE_LINK = "confirm_live_link"
RESCHEDULE_MODAL = "reschedule_modal"

# Import of many posts from a file
IMPORT = "import"
IMPORT_FILE = "import_file"
# The report of a check; its button schedules, or chooses another file
IMPORT_REPORT = "import_report"
IMPORT_AGAIN = "import_again"
# The same button under a message
IMPORT_SCHEDULE = "import_schedule"

# Series: the block id carries the series, the value of Skip Next the occurrence
SERIES_ACTIONS = "series"
SERIES_SKIP = "series_skip"
SERIES_PAUSE = "series_pause"
SERIES_RESUME = "series_resume"
SERIES_EDIT = "series_edit"
SERIES_STOP = "series_stop"
SERIES_MODAL = "series_modal"
SERIES_TEXT = "series_text"

# Export of the calendar
EXPORT = "export"
EXPORT_FROM = "export_from"
EXPORT_TO = "export_to"
EXPORT_ACCOUNTS = "export_accounts"

# The address of the calendar
CALENDAR_RENEW = "calendar_renew"
CALENDAR_REVOKE = "calendar_revoke"

# Accounts
CONNECT = "connect"
DISCONNECT = "disconnect"
# Behind a colon the account
DEFAULT_PLACE = "default_place"
ACCOUNTS_MODAL = "accounts_modal"
SET_SLOTS = "set_slots"
SLOTS_MODAL = "slots_modal"
SLOTS_TEXT = "slots_text"

# Links open in the browser; Slack still tells us about the click
OPEN_LINK = "open_link"

# App Home
HOME_COMPOSE = "home_compose"
HOME_ACCOUNTS = "home_accounts"
HOME_SHOW = "home_show"
HOME_WHOSE = "home_whose"
HOME_ACCOUNT = "home_account"
HOME_FILTERS = "home_filters"
HOME_EARLIER = "home_earlier"
HOME_LATER = "home_later"
# Behind a colon the cause
HOME_RETRY = "home_retry"
# Values of the choices in it
HOME_MINE = "mine"
HOME_EVERYBODY = "everybody"
HOME_ALL = "all"
HOME_SETTINGS = "home_settings"

# Settings of the workspace
SETTINGS_MODAL = "settings"
SETTINGS_DEFAULT_ROLE = "settings_default_role"
# Behind a colon the role
SETTINGS_ROLE = "settings_role"
SETTINGS_DEMAND = "settings_demand"
SETTINGS_APPROVERS = "settings_approvers"
SETTINGS_GROUP = "settings_group"
SETTINGS_NEEDED = "settings_needed"
SETTINGS_OWN = "settings_own"
SETTINGS_REMIND = "settings_remind"
SETTINGS_REVIEW_CHANNEL = "settings_review_channel"
SETTINGS_BRAND_CHANNEL = "settings_brand_channel"
# Values of the choices in them
SETTINGS_EVERY = "every"
SETTINGS_YES = "yes"

# Approvals: the block id carries the post and its revision
REVIEW_ACTIONS = "review"
APPROVE = "approve"
APPROVE_NOW = "approve_now"
REQUEST_CHANGES = "request_changes"
CHANGES_MODAL = "changes_modal"
CHANGES_REASON = "changes_reason"
