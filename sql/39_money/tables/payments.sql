-- What somebody pays. A payment belongs to no business: its parts say how much of it pays which
-- sale, and they are all that a business sees. How much may be asked is decided here, before a
-- provider is called; what was paid is what a provider says, or a member who took cash.

-- Whether money is taken at once or only reserved, to be taken by capture_payment.
create type money.capture_mode as enum ('now', 'later');

-- In the order in which a payment moves: it never goes back, except when a dispute ends.
create type money.payment_status as enum (
    'pending', 'requires_action', 'failed', 'authorized', 'cancelled', 'expired',
    'partially_captured', 'captured', 'partially_refunded', 'refunded', 'disputed'
);

-- What a provider is asked. A person asks for `capture` and `cancel` (money.requested_calls).
-- `save`, `keep` (once the customer did their part) and `forget` are about saved cards.
create type money.provider_call as enum (
    'create', 'finish', 'capture', 'cancel', 'refund', 'save', 'forget', 'keep'
);

create table money.providers (
    name text primary key,
    -- Whether somebody pays there by themselves. Members record the others, such as cash.
    is_online boolean not null,
    is_enabled boolean not null default true,
    -- Whether it saves cards without a payment.
    saves_methods boolean not null default false,
    -- What it takes; empty: every currency.
    currencies text array not null default '{}',

    constraint providers_name_is_plain check (name ~ '^[a-z][a-z_]{0,39}$')
);
comment on table money.providers is 'With whom one can pay.';

create table money.payment_settings (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    -- The providers that customers may choose; empty: every one that is enabled.
    providers text array not null default '{}',
    capture money.capture_mode not null default 'now',
    -- The share of a booking's total that must be paid before it is confirmed. A service may say
    -- otherwise.
    prepayment_bps integer not null default 0,
    updated_at timestamptz not null default now(),
    -- Whether gift cards of the platform pay here.
    accepts_platform_gift_cards boolean not null default false,
    -- Whether the gift cards that it sells are the platform's. The operator says so.
    sells_platform_gift_cards boolean not null default false,
    -- How many months the gift cards that it sells can be spent; null: always.
    gift_card_valid_months smallint,
    -- How many days after a card expired what was left is the business's own; null: never.
    breakage_release_days integer,

    constraint payment_settings_prepayment_is_a_share check (
        prepayment_bps between 0 and 10000
        or private.invalid('prepayment_bps', 'must be from 0 to 10000')
    ),
    constraint payment_settings_gift_cards_are_valid_for_months check (
        coalesce(gift_card_valid_months between 1 and 1200, true)
        or private.invalid('gift_card_valid_months', 'must be from 1 to 1200')
    ),
    constraint payment_settings_breakage_is_released_after_days check (
        coalesce(breakage_release_days between 0 and 36500, true)
        or private.invalid('breakage_release_days', 'must be from 0 to 36500')
    )
);
comment on table money.payment_settings is
'How the customers of a business pay. Without a row: with every provider, at once, and nothing '
'before a booking is confirmed.';

create table money.payment_ranges (
    business_id uuid not null references business.businesses (id) on delete cascade,
    provider text not null references money.providers (name) on delete cascade,
    currency text not null references pricing.currencies (code) on delete restrict,
    min_minor bigint not null default 0,
    max_minor bigint,

    primary key (business_id, provider, currency),
    constraint payment_ranges_are_sane check (
        min_minor between 0 and 1000000000000
        and coalesce(max_minor between min_minor and 1000000000000, true)
        or private.invalid(
            'min_minor and max_minor', 'must be from 0 to 1000000000000, the lower one first'
        )
    )
);
comment on table money.payment_ranges is
'In which currencies, and for which amounts of one payment, the customers of a business may choose '
'a provider. A provider without a row here may be chosen for each.';
create index payment_ranges_provider_idx on money.payment_ranges (provider);
create index payment_ranges_currency_idx on money.payment_ranges (currency);

create table money.payment_methods (
    id uuid primary key default gen_random_uuid(),
    user_id uuid not null references auth.users (id) on delete cascade,
    provider text not null references money.providers (name) on delete restrict,
    provider_reference text not null,
    brand text not null,
    last4 text not null,
    -- The last day of the month that is printed on the card.
    expires_on date,
    created_at timestamptz not null default now(),
    -- When somebody removed it. The row goes with its person.
    removed_at timestamptz,
    -- When the provider said what is known of it: an older event changes nothing.
    told_at timestamptz not null default now(),
    -- For which last day its owner was told that it expires.
    expiry_told_on date,

    constraint payment_methods_reference_unique unique (provider, provider_reference)
);
comment on table money.payment_methods is
'Cards and the like that customers saved at a provider. The provider keeps the number.';
comment on column money.payment_methods.user_id is '[person: delete]';
comment on column money.payment_methods.provider_reference is '[secret]';
comment on column money.payment_methods.brand is '[personal]';
comment on column money.payment_methods.last4 is '[personal]';
create index payment_methods_user_id_idx on money.payment_methods (user_id);
-- Those whose owners hear that they expire soon.
create index payment_methods_expiring_idx on money.payment_methods (expires_on)
where removed_at is null;

create table money.provider_customers (
    user_id uuid not null references auth.users (id) on delete cascade,
    provider text not null references money.providers (name) on delete restrict,
    provider_reference text not null,

    primary key (user_id, provider)
);
comment on table money.provider_customers is 'Under which name a provider knows a user.';
comment on column money.provider_customers.user_id is '[person: delete]';
comment on column money.provider_customers.provider_reference is '[secret]';
create index provider_customers_provider_idx on money.provider_customers (provider);

create table money.payments (
    id uuid primary key default gen_random_uuid(),
    basket_id uuid references sales.baskets (id) on delete restrict,
    payer_id uuid references auth.users (id) on delete set null,
    provider text not null references money.providers (name) on delete restrict,
    -- Null also where its owner was erased.
    method_id uuid references money.payment_methods (id) on delete set null,
    -- The one-time token of the provider's script in the browser, if it made one.
    method_token text,
    saves_method boolean not null default false,
    -- The customer is not there, as when a saved card pays a fee.
    is_off_session boolean not null default false,
    currency text not null references pricing.currencies (code) on delete restrict,
    amount_minor bigint not null,
    capture money.capture_mode not null,
    -- What is to be taken: the amount, or less of a reserved payment.
    to_capture_minor bigint not null,
    captured_minor bigint not null default 0,
    -- What refunds that succeeded gave back.
    refunded_minor bigint not null default 0,
    -- How far it came apart from money that moved.
    reached money.payment_status not null default 'pending',
    -- Follows from the columns above and from its disputes (money.payment_status_of).
    status money.payment_status not null default 'pending',
    -- The provider's id of it, and what the payer's browser needs next. Both are secret.
    provider_reference text,
    client jsonb,
    -- Why it failed: a code of the provider's or of ours.
    failure text,
    return_url text not null,
    expires_at timestamptz not null,
    -- Until when somebody is asking the provider about it, so that nobody else does.
    asked_until timestamptz,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint payments_reference_unique unique (provider, provider_reference),
    constraint payments_amount_is_positive check (amount_minor > 0),
    constraint payments_are_not_captured_beyond_what_is_asked check (
        captured_minor between 0 and to_capture_minor and to_capture_minor <= amount_minor
    ),
    constraint payments_are_not_refunded_beyond_captured check (
        refunded_minor between 0 and captured_minor
    ),
    constraint payments_reached_no_money check (reached < 'partially_captured')
);
comment on table money.payments is 'What somebody pays, for one sale or several.';
comment on column money.payments.payer_id is '[person]';
comment on column money.payments.method_token is '[secret] [personal]';
comment on column money.payments.provider_reference is '[secret]';
comment on column money.payments.client is '[secret] [personal]';
create index payments_payer_id_idx on money.payments (payer_id, created_at, id);
create index payments_basket_id_idx on money.payments (basket_id) where basket_id is not null;
create index payments_method_id_idx on money.payments (method_id) where method_id is not null;
create index payments_currency_idx on money.payments (currency);
create index payments_created_at_idx on money.payments (created_at, id);
-- The payments that a sweep closes because nobody paid.
create index payments_open_idx on money.payments (expires_at)
where status in ('pending', 'requires_action', 'failed', 'authorized');

create table money.payment_transitions (
    from_status money.payment_status not null,
    to_status money.payment_status not null,

    primary key (from_status, to_status)
);
comment on table money.payment_transitions is 'The life of a payment: every step that exists.';

create table money.payment_parts (
    business_id uuid not null,
    sale_id uuid not null,
    payment_id uuid not null references money.payments (id) on delete restrict,
    -- As in its payment, for the business, which does not see the payment.
    provider text not null,
    currency text not null,
    status money.payment_status not null default 'pending',
    amount_minor bigint not null,
    authorized_minor bigint not null default 0,
    captured_minor bigint not null default 0,
    -- Asked of the provider, and not answered yet.
    refunding_minor bigint not null default 0,
    refunded_minor bigint not null default 0,
    created_at timestamptz not null default now(),

    primary key (business_id, sale_id, payment_id),
    constraint payment_parts_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint payment_parts_amount_not_negative check (amount_minor >= 0),
    constraint payment_parts_are_not_captured_beyond_the_part check (
        captured_minor between 0 and amount_minor
    ),
    constraint payment_parts_are_not_refunded_beyond_captured check (
        refunding_minor >= 0 and refunded_minor >= 0
        and refunding_minor + refunded_minor <= captured_minor
    )
);
comment on table money.payment_parts is
'How much of a payment pays which sale. A business sees its parts, never the payment''s total.';
create index payment_parts_payment_id_idx on money.payment_parts (payment_id);
create index payment_parts_created_at_idx
on money.payment_parts (business_id, created_at, payment_id);
