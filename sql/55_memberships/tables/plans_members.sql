-- Who is a member, of what, until when. What the row says is enough to know the status at any
-- instant (memberships.status_at): no worker has to run for a membership to end. Its terms are
-- copies: a plan that changes later changes nothing for those who joined before.

create table memberships.memberships (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    user_id uuid references auth.users (id) on delete set null,
    plan_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- What a period costs, without what comes on top.
    price_minor bigint not null,
    renews boolean not null,
    period_unit memberships.period_unit not null,
    period_count integer not null,
    grace_days integer not null,
    time_zone text not null,
    -- Period n begins n - anchor_number periods after the anchor, on the wall clock of the zone.
    anchor_at timestamptz not null,
    anchor_number integer not null,
    -- The latest period: 0 is the trial.
    number integer not null,
    trial_ends_at timestamptz,
    -- Until when it is paid or free, and until when an unpaid period keeps it alive; after that it
    -- is over.
    paid_until timestamptz not null,
    due_until timestamptz not null,
    -- When the next period begins and is charged; null: no period follows, or the latest is unpaid.
    renews_at timestamptz,
    -- When it ends, or ended: cancelled, over, or gone unpaid. Null: not decided.
    ends_at timestamptz,
    cancelled_at timestamptz,
    cancel_reason text,
    paused_at timestamptz,
    -- Null while nobody said until when.
    resumes_at timestamptz,
    -- The card that pays renewals.
    method_id uuid references money.payment_methods (id) on delete set null,
    -- The plan of which it has the benefits: that of the latest period that was paid or is free.
    granted_plan_id uuid,
    -- What it becomes at the next renewal.
    next_plan_id uuid,
    -- The latest renewal of which the member was reminded.
    reminded_for timestamptz,
    joined_at timestamptz not null,
    updated_at timestamptz not null default now(),
    -- When its end was recorded. A worker does so later than it ends.
    closed_at timestamptz,

    constraint memberships_business_id_id_unique unique (business_id, id),
    constraint memberships_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint memberships_plan_fkey foreign key (business_id, plan_id)
    references memberships.membership_plans (business_id, id) on delete restrict,
    constraint memberships_granted_plan_fkey foreign key (business_id, granted_plan_id)
    references memberships.membership_plans (business_id, id) on delete restrict,
    constraint memberships_next_plan_fkey foreign key (business_id, next_plan_id)
    references memberships.membership_plans (business_id, id) on delete restrict,
    constraint memberships_are_due_after_they_are_paid check (due_until >= paid_until),
    constraint memberships_only_renewals_renew check (renews or renews_at is null),
    constraint memberships_pauses_end_later check (coalesce(resumes_at > paused_at, true)),
    constraint memberships_reason_is_short check (
        cancel_reason is null
        or length(cancel_reason) between 1 and 500
        or private.invalid('reason', 'must have 1 to 500 characters')
    )
);
comment on table memberships.memberships is 'Who is a member of what, until when.';
comment on column memberships.memberships.customer_id is '[person]';
comment on column memberships.memberships.user_id is '[person]';
comment on column memberships.memberships.cancel_reason is '[personal]';
-- One live membership of each customer of a business. Passes may be bought beside it.
create unique index memberships_one_live_idx
on memberships.memberships (business_id, customer_id)
where renews and closed_at is null;
-- My memberships, and those of a customer.
create index memberships_user_id_idx on memberships.memberships (user_id, joined_at, id);
create index memberships_customer_idx on memberships.memberships (business_id, customer_id);
-- The members of a business, page by page, and those of a plan.
create index memberships_joined_at_idx on memberships.memberships (business_id, joined_at, id);
create index memberships_plan_idx on memberships.memberships (business_id, plan_id);
create index memberships_granted_plan_idx
on memberships.memberships (business_id, granted_plan_id);
create index memberships_next_plan_idx on memberships.memberships (business_id, next_plan_id)
where next_plan_id is not null;
-- What is due.
create index memberships_renews_at_idx on memberships.memberships (renews_at)
where closed_at is null and renews_at is not null;
create index memberships_due_until_idx on memberships.memberships (due_until)
where closed_at is null;
create index memberships_ends_at_idx on memberships.memberships (ends_at)
where closed_at is null and ends_at is not null;
create index memberships_method_id_idx on memberships.memberships (method_id)
where method_id is not null;
create index memberships_currency_idx on memberships.memberships (currency);

create table memberships.membership_periods (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    membership_id uuid not null,
    -- 0 is the trial.
    number integer not null,
    plan_id uuid not null,
    starts_at timestamptz not null,
    ends_at timestamptz not null,
    -- What the whole period costs on the plan that it has now, after discount: what is prorated.
    price_minor bigint not null,
    -- The invoice; null for a free trial.
    sale_id uuid,
    -- When it was paid, or began free of charge; null: it is owed.
    paid_at timestamptz,
    -- When the saved card is tried next; null: not again, or while a charge is on its way.
    next_charge_at timestamptz,
    -- When the invoice was taken back because nobody paid it.
    voided_at timestamptz,
    -- How long it is by its plan, as the price of it is agreed.
    period_unit memberships.period_unit not null,
    period_count integer not null,

    constraint membership_periods_business_id_id_unique unique (business_id, id),
    constraint membership_periods_number_unique unique (business_id, membership_id, number),
    constraint membership_periods_start_unique unique (business_id, membership_id, starts_at),
    constraint membership_periods_membership_fkey foreign key (business_id, membership_id)
    references memberships.memberships (business_id, id) on delete cascade,
    constraint membership_periods_plan_fkey foreign key (business_id, plan_id)
    references memberships.membership_plans (business_id, id) on delete restrict,
    constraint membership_periods_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint membership_periods_last_some_time check (ends_at > starts_at),
    constraint membership_periods_number_not_negative check (number >= 0)
);
comment on table memberships.membership_periods is
'The periods of memberships, each with its invoice.';
comment on column memberships.membership_periods.membership_id is '[person]';
create unique index membership_periods_sale_idx
on memberships.membership_periods (business_id, sale_id) where sale_id is not null;
create index membership_periods_plan_idx on memberships.membership_periods (business_id, plan_id);
-- The charges that are due, and the invoices that nobody paid until their period was over.
create index membership_periods_next_charge_idx
on memberships.membership_periods (next_charge_at) where next_charge_at is not null;
create index membership_periods_unpaid_idx
on memberships.membership_periods (ends_at) where paid_at is null and voided_at is null;

create table memberships.charge_attempts (
    business_id uuid not null,
    period_id uuid not null,
    number integer not null,
    payment_id uuid not null references money.payments (id) on delete restrict,
    at timestamptz not null,
    failed_at timestamptz,
    failure text,

    primary key (business_id, period_id, number),
    constraint charge_attempts_period_fkey foreign key (business_id, period_id)
    references memberships.membership_periods (business_id, id) on delete cascade,
    constraint charge_attempts_number_is_positive check (number > 0)
);
comment on table memberships.charge_attempts is
'Each charge of a saved card for a period, and why it failed.';
create index charge_attempts_payment_id_idx on memberships.charge_attempts (payment_id);

-- Who accepted a new price.
create table memberships.price_consents (
    business_id uuid not null,
    price_change_id uuid not null,
    membership_id uuid not null,
    at timestamptz not null,

    primary key (business_id, price_change_id, membership_id),
    constraint price_consents_change_fkey foreign key (business_id, price_change_id)
    references memberships.price_changes (business_id, id) on delete cascade,
    constraint price_consents_membership_fkey foreign key (business_id, membership_id)
    references memberships.memberships (business_id, id) on delete cascade
);
comment on table memberships.price_consents is 'Which members accepted which new price.';
comment on column memberships.price_consents.membership_id is '[person]';
create index price_consents_membership_idx
on memberships.price_consents (business_id, membership_id);

create table memberships.gifts (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    plan_id uuid not null,
    sale_id uuid not null,
    buyer_id uuid references auth.users (id) on delete set null,
    -- For whom it is: whoever signs in with this address, or has the code.
    email text,
    message text,
    code_hash bytea not null,
    -- When it was paid: before that nobody can redeem it.
    paid_at timestamptz,
    -- Until when it can be redeemed.
    expires_at timestamptz not null,
    redeemed_at timestamptz,
    membership_id uuid,
    created_at timestamptz not null,

    constraint gifts_business_id_id_unique unique (business_id, id),
    constraint gifts_code_hash_unique unique (code_hash),
    constraint gifts_sale_unique unique (business_id, sale_id),
    constraint gifts_plan_fkey foreign key (business_id, plan_id)
    references memberships.membership_plans (business_id, id) on delete restrict,
    constraint gifts_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint gifts_membership_fkey foreign key (business_id, membership_id)
    references memberships.memberships (business_id, id) on delete set null (membership_id),
    constraint gifts_message_is_short check (
        message is null or length(message) <= 1000
        or private.invalid('message', 'must have at most 1000 characters')
    )
);
comment on table memberships.gifts is 'Plans that somebody bought for somebody else.';
comment on column memberships.gifts.buyer_id is '[person]';
comment on column memberships.gifts.email is '[person] [personal]';
comment on column memberships.gifts.message is '[personal]';
comment on column memberships.gifts.code_hash is '[secret]';
create index gifts_buyer_id_idx on memberships.gifts (buyer_id);
create index gifts_email_idx on memberships.gifts (lower(email));
create index gifts_plan_idx on memberships.gifts (business_id, plan_id);
create index gifts_membership_idx on memberships.gifts (business_id, membership_id);
