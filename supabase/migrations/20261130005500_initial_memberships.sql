-- The initial schema of 55_memberships: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/55_memberships/tables/loyalty.sql

-- What sales earn, and who referred whom. A sale earns once, by the terms of that moment; a
-- referral is rewarded once, after the first sale of whoever was referred.

create table loyalty.earnings (
    business_id uuid not null,
    sale_id uuid not null,
    customer_id uuid not null,
    -- The terms of the program when it earned; what a refund takes back is computed by them too.
    earn_points integer not null,
    earn_minor bigint not null,
    rounding loyalty.rounding not null,
    minimum_spend_minor bigint not null,
    percent integer not null,
    created_at timestamptz not null,

    primary key (business_id, sale_id),
    constraint earnings_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint earnings_account_fkey foreign key (business_id, customer_id)
    references loyalty.accounts (business_id, customer_id) on delete cascade
);
comment on table loyalty.earnings is
'The sales that earned points, once each, and by which terms.';
comment on column loyalty.earnings.customer_id is '[person]';
create index earnings_account_idx on loyalty.earnings (business_id, customer_id);

alter table loyalty.entries
add constraint entries_sale_fkey foreign key (business_id, sale_id)
references sales.sales (business_id, id) on delete cascade;

create table loyalty.referral_codes (
    business_id uuid not null,
    customer_id uuid not null,
    code text not null,
    created_at timestamptz not null,

    primary key (business_id, customer_id),
    constraint referral_codes_code_unique unique (business_id, code),
    constraint referral_codes_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade
);
comment on table loyalty.referral_codes is 'The code by which a customer refers others.';
comment on column loyalty.referral_codes.customer_id is '[person]';

create table loyalty.referrals (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    referrer_id uuid not null,
    referred_id uuid not null,
    -- What each side gets, as the program said when the code was used.
    referrer_points integer not null,
    referred_points integer not null,
    created_at timestamptz not null,
    -- The first sale that was completed. It is the only one that is rewarded.
    sale_id uuid,
    rewarded_at timestamptz,

    constraint referrals_business_id_id_unique unique (business_id, id),
    -- Whoever was referred once is not referred again.
    constraint referrals_once_each unique (business_id, referred_id),
    constraint referrals_referrer_fkey foreign key (business_id, referrer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint referrals_referred_fkey foreign key (business_id, referred_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint referrals_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete cascade,
    constraint referrals_not_of_oneself check (referrer_id <> referred_id),
    constraint referrals_are_rewarded_for_a_sale check (
        (sale_id is null) = (rewarded_at is null)
    )
);
comment on table loyalty.referrals is 'Who referred whom, and for which sale both were rewarded.';
comment on column loyalty.referrals.referrer_id is '[person]';
comment on column loyalty.referrals.referred_id is '[person]';
create index referrals_referrer_idx on loyalty.referrals (business_id, referrer_id);
create index referrals_sale_idx on loyalty.referrals (business_id, sale_id)
where sale_id is not null;

-- sql/55_memberships/tables/plans.sql

-- What a business offers to members. A plan renews, as a membership does, or it does not: a class
-- pack, a prepaid credit or a gift is a plan without renewal, and ends when its period does. What a
-- plan grants reaches the rest of the system as entitlements and allowances
-- (24_entitlements): a discount is a promotion for the plan's access, and services, products and
-- pages that need it are its members' own. The platform's plans are those of its own business.

create schema memberships;
comment on schema memberships is 'Plans, their members, the periods and what is charged for them.';

create type memberships.period_unit as enum ('day', 'week', 'month', 'year');
create type memberships.membership_status as enum (
    'trialing', 'active', 'past_due', 'paused', 'cancelled', 'expired'
);

create table memberships.membership_plans (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    description text,
    -- The higher rank grants more: a change to a lower one waits for the end of the period.
    rank integer not null default 0,
    -- Whether a period follows the one before. A plan that does not renew has one period.
    renews boolean not null default true,
    period_unit memberships.period_unit not null default 'month',
    period_count integer not null default 1,
    -- Free days before the first period, once for each customer of the business.
    trial_days integer not null default 0,
    -- How long members keep what the plan grants while a period is not paid.
    grace_days integer not null default 7,
    -- How many days after the first attempt a failed charge is tried again.
    retry_days integer array not null default '{1,3,5}',
    -- How many days before a renewal its members are told.
    reminder_days integer not null default 3,
    -- What members have access to: a word that prices, services, products and pages may ask for.
    access text not null,
    -- How many days further ahead than others members may book.
    advance_days integer not null default 0,
    -- How many visits or credits each period grants; null: none. plan_services says for what.
    credits integer,
    -- Whether somebody may join.
    is_active boolean not null default true,
    position integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint membership_plans_business_id_id_unique unique (business_id, id),
    constraint membership_plans_name_unique unique (business_id, name),
    constraint membership_plans_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint membership_plans_description_is_short check (
        description is null
        or length(description) <= 5000 and not private.has_control_characters(description)
        or private.invalid('description', 'must have at most 5000 printable characters')
    ),
    constraint membership_plans_rank_is_sane check (
        rank between 0 and 1000 or private.invalid('rank', 'must be from 0 to 1000')
    ),
    constraint membership_plans_period_is_sane check (
        period_count between 1 and 366
        or private.invalid('period_count', 'must be from 1 to 366')
    ),
    constraint membership_plans_trial_is_sane check (
        trial_days between 0 and 366 and (renews or trial_days = 0)
        or private.invalid('trial_days', 'must be from 0 to 366, and 0 for a plan without renewal')
    ),
    constraint membership_plans_grace_is_sane check (
        grace_days between 0 and 60 or private.invalid('grace_days', 'must be from 0 to 60')
    ),
    constraint membership_plans_retries_are_sane check (
        cardinality(retry_days) <= 10 and 1 <= all(retry_days) and 60 >= all(retry_days)
        or private.invalid('retry_days', 'must be at most 10 numbers from 1 to 60')
    ),
    constraint membership_plans_reminder_is_sane check (
        reminder_days between 0 and 60 or private.invalid('reminder_days', 'must be from 0 to 60')
    ),
    constraint membership_plans_access_is_a_word check (
        access ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('access', 'must be a lower-case word of at most 40 characters')
    ),
    constraint membership_plans_advance_is_sane check (
        advance_days between 0 and 3650
        or private.invalid('advance_days', 'must be from 0 to 3650')
    ),
    constraint membership_plans_credits_are_sane check (
        coalesce(credits between 1 and 1000000, true)
        or private.invalid('credits', 'must be from 1 to 1000000')
    )
);
comment on table memberships.membership_plans is
'What businesses offer to members: memberships that renew, and passes that do not.';

create table memberships.plan_prices (
    business_id uuid not null,
    plan_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    -- What a period costs, and joining once.
    price_minor bigint not null,
    signup_fee_minor bigint not null default 0,

    primary key (business_id, plan_id, currency),
    constraint plan_prices_plan_fkey foreign key (business_id, plan_id)
    references memberships.membership_plans (business_id, id) on delete cascade,
    constraint plan_prices_are_sane check (
        price_minor between 0 and 1000000000000
        and signup_fee_minor between 0 and 1000000000000
        or private.invalid(
            'price_minor and signup_fee_minor', 'must be from 0 to 1000000000000 minor units'
        )
    )
);
comment on table memberships.plan_prices is
'What a plan costs whoever joins from now on, in each currency.';
create index plan_prices_currency_idx on memberships.plan_prices (currency);

create table memberships.plan_services (
    business_id uuid not null,
    plan_id uuid not null,
    service_id uuid not null,
    -- How many of the plan's credits a visit costs.
    credits integer not null default 1,

    primary key (business_id, plan_id, service_id),
    constraint plan_services_plan_fkey foreign key (business_id, plan_id)
    references memberships.membership_plans (business_id, id) on delete cascade,
    constraint plan_services_service_fkey foreign key (business_id, service_id)
    references catalog.services (business_id, id) on delete cascade,
    constraint plan_services_credits_are_sane check (
        credits between 1 and 1000000
        or private.invalid('credits', 'must be from 1 to 1000000')
    )
);
comment on table memberships.plan_services is
'Which services the credits of a plan pay for. A visit is one credit.';
create index plan_services_service_idx on memberships.plan_services (business_id, service_id);

-- A new price for members who joined before. It applies to periods that begin after it.
create table memberships.price_changes (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    plan_id uuid not null,
    currency text not null references pricing.currencies (code) on delete restrict,
    price_minor bigint not null,
    effective_at timestamptz not null,
    -- A higher price applies only to members who accepted it; the others keep theirs.
    needs_consent boolean not null,
    announced_by uuid references auth.users (id) on delete set null,
    announced_at timestamptz not null,

    constraint price_changes_business_id_id_unique unique (business_id, id),
    constraint price_changes_plan_fkey foreign key (business_id, plan_id)
    references memberships.membership_plans (business_id, id) on delete cascade,
    constraint price_changes_are_announced check (effective_at > announced_at)
);
comment on table memberships.price_changes is
'New prices that were announced to the members of a plan.';
create index price_changes_plan_idx
on memberships.price_changes (business_id, plan_id, currency, effective_at);
create index price_changes_currency_idx on memberships.price_changes (currency);
create index price_changes_announced_by_idx on memberships.price_changes (announced_by);

-- Plans are sold as lines of sales.
alter table sales.sale_lines
add constraint sale_lines_plan_fkey foreign key (business_id, plan_id)
references memberships.membership_plans (business_id, id) on delete set null (plan_id);
create index sale_lines_plan_idx on sales.sale_lines (business_id, plan_id)
where plan_id is not null;

-- A cart may have plans to join.
alter table commerce.cart_items
add constraint cart_items_plan_fkey foreign key (business_id, plan_id)
references memberships.membership_plans (business_id, id) on delete cascade;
create index cart_items_plan_idx on commerce.cart_items (business_id, plan_id)
where plan_id is not null;

-- sql/55_memberships/tables/plans_members.sql

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

-- sql/55_memberships/tables/values.sql

-- Values that the functions of memberships hand to each other. No table stores them.

-- A period that is about to begin, with the sale that will charge it.
create type memberships.renewal as (
    membership_id uuid,
    business_id uuid,
    user_id uuid,
    plan_id uuid,
    plan_name text,
    currency text,
    price_minor bigint,
    number integer,
    starts_at timestamptz,
    ends_at timestamptz,
    period_unit memberships.period_unit,
    period_count integer,
    method_id uuid,
    sale_id uuid,
    period_id uuid,
    -- Whether the buyer owes the tax: their invoices have a quote of their own.
    is_reverse_charged boolean
);

-- What is owed of a period, the card that pays it, and which attempt it is.
create type memberships.charge as (
    business_id uuid,
    membership_id uuid,
    period_id uuid,
    sale_id uuid,
    method_id uuid,
    amount_minor bigint,
    number integer
);

-- sql/55_memberships/functions/access.sql

-- What a membership grants, written downwards: an entitlement for as long as it lasts, and an
-- allowance of visits or credits for each period. Whatever changes a membership calls
-- memberships.write_access, which ends what was granted and grants what follows from the row.

/*
 * Return the pause of a membership, which may be empty or without an end.
 */
create function memberships.pause_of(membership memberships.memberships)
returns tstzmultirange
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select case
        when (membership).paused_at is null then '{}'::tstzmultirange
        else tstzrange((membership).paused_at, (membership).resumes_at)::tstzmultirange
    end;
end;

/*
 * Return when a membership has its benefits from an instant on: until it ends or, if it renews,
 * until the grace after what is paid; not during a pause.
 */
create function memberships.access_periods(
    membership memberships.memberships, from_at timestamptz
)
returns tstzmultirange
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        case
            when (membership).granted_plan_id is not null
                then
                    multirange(
                        tstzrange(
                            from_at,
                            greatest(from_at, least((membership).ends_at, (membership).due_until))
                        )
                    )
            else '{}'
        end - memberships.pause_of(membership);
end;

/*
 * Write what a membership grants from now on, as its row is.
 */
create function memberships.write_access(membership memberships.memberships)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = private.now();
begin
    perform customers.end_access(membership.business_id, membership.id, v_now);
    perform customers.grant_access(
        membership.business_id, membership.customer_id, membership.id, membership_plans.access,
        membership_plans.advance_days, granted.during
    )
    from memberships.membership_plans
    cross join unnest(memberships.access_periods(membership, v_now)) as granted (during)
    where
        membership_plans.business_id = membership.business_id
        and membership_plans.id = membership.granted_plan_id;
    perform memberships.write_allowance(membership);
end;
$$;

/*
 * Write the allowance of the latest paid period of a membership: what its plan grants, for as long
 * as the period lasts. Visits that were used stay used when the plan or the period changes.
 */
create function memberships.write_allowance(membership memberships.memberships)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
    v_allowance customers.allowances;
begin
    select periods.* into v_period
    from memberships.membership_periods as periods
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.paid_at is not null
    order by periods.number desc
    limit 1;
    v_allowance = memberships.allowance_of(membership, v_period);
    update customers.allowances
    set
        name = v_allowance.name,
        during = v_allowance.during,
        granted = greatest(allowances.used, v_allowance.granted, 1),
        item_ids = v_allowance.item_ids,
        item_units = v_allowance.item_units
    where
        allowances.business_id = membership.business_id
        and allowances.source_id = v_period.id;
    if not found and v_allowance.granted > 0 then
        insert into customers.allowances (
            business_id, customer_id, source_id, name, during, granted, item_ids, item_units,
            created_at
        )
        values (
            membership.business_id, membership.customer_id, v_period.id, v_allowance.name,
            v_allowance.during, v_allowance.granted, v_allowance.item_ids,
            v_allowance.item_units, private.now()
        );
    end if;
end;
$$;

/*
 * Return the allowance that a period of a membership grants, as its plan says. A plan without
 * credits grants none.
 */
create function memberships.allowance_of(
    membership memberships.memberships, period memberships.membership_periods
)
returns customers.allowances
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_allowance customers.allowances;
begin
    select
        membership_plans.name,
        coalesce(membership_plans.credits, 0),
        coalesce(array_agg(services.service_id order by services.service_id), '{}'),
        coalesce(array_agg(services.credits order by services.service_id), '{}')
    into v_allowance.name, v_allowance.granted, v_allowance.item_ids, v_allowance.item_units
    from memberships.membership_plans
    inner join memberships.plan_services as services
        on
            services.business_id = membership_plans.business_id
            and services.plan_id = membership_plans.id
    where
        membership_plans.business_id = membership.business_id
        and membership_plans.id = membership.granted_plan_id
    group by membership_plans.id;
    v_allowance.during = case
        when membership.granted_plan_id is null
            or least(period.ends_at, membership.ends_at) <= period.starts_at then '{}'
        else tstzmultirange(
            tstzrange(period.starts_at, least(period.ends_at, membership.ends_at))
        )
    end - memberships.pause_of(membership);
    return v_allowance;
end;
$$;

-- sql/55_memberships/functions/callers.sql

-- Who may act on a membership: its member, and those who serve customers at the business.

/*
 * Lock a membership that the caller may change. Anybody else gets the answer of one that does not
 * exist. One that is over is closed, and refused.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.lock_own(membership_id uuid)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    select memberships.* into v_membership
    from memberships.memberships
    where
        memberships.id = lock_own.membership_id
        and (
            private.is_operator()
            or memberships.user_id = auth.uid()
            or memberships.business_id in (select private.my_businesses('view'))
        )
    for update;
    if v_membership.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such membership.',
            'Check the id in the view memberships.'
        );
    end if;
    if v_membership.user_id is distinct from auth.uid() then
        perform private.require_member(v_membership.business_id, 'serve');
    end if;
    if memberships.is_over(v_membership, private.now()) then
        perform memberships.refuse_transition('This membership is over.');
    end if;
    return v_membership;
end;
$$;

/*
 * Refuse what the state of a membership does not allow.
 *
 * Errors:  PT409 invalid_transition
 */
create function memberships.refuse_transition(message text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'invalid_transition', refuse_transition.message,
        'Read the membership again and check its status.'
    );
end;
$$;

/*
 * Return the latest period of a membership.
 */
create function memberships.latest_period(membership memberships.memberships)
returns memberships.membership_periods
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    select periods.* into v_period
    from memberships.membership_periods as periods
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.number = membership.number;
    return v_period;
end;
$$;

/*
 * Return the sale of the latest period of a membership, which is what its member pays; null where
 * there is none.
 */
create function memberships.unpaid_sale(membership_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select periods.sale_id
        from memberships.membership_periods as periods
        where periods.membership_id = unpaid_sale.membership_id
        order by periods.number desc
        limit 1
    );
end;
$$;

-- sql/55_memberships/functions/cancelling.sql

-- How a membership is cancelled: at the end of what is paid, which can be undone until then, or
-- now. Cancelling gives nothing back by itself; a member of the business refunds.

/*
 * Cancel a membership: at the end of what is paid or, where nothing is, now.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.cancel(membership_id uuid, at_period_end boolean, reason text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(cancel.membership_id);
    v_now timestamptz = private.now();
begin
    if memberships.is_paused(v_membership, v_now)
        and v_membership.paid_until > v_membership.paused_at then
        v_membership = memberships.end_pause(v_membership);
    end if;
    update memberships.memberships
    set
        cancelled_at = v_now,
        cancel_reason = cancel.reason,
        ends_at = case
            when cancel.at_period_end then greatest(memberships.paid_until, v_now) else v_now
        end,
        renews_at = null,
        next_plan_id = null
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    if (memberships.latest_period(v_membership)).paid_at is null then
        perform memberships.void_period(
            v_membership.business_id, v_membership.id, v_membership.number, 'cancelled'
        );
    end if;
    perform memberships.write_access(v_membership);
    if v_membership.ends_at <= v_now then
        perform memberships.close(v_membership);
    else
        perform memberships.emit('membership.cancelled', v_membership);
    end if;
    return v_membership.id;
end;
$$;

/*
 * Keep a membership that was cancelled to the end of its period: it renews again.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.keep(membership_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(keep.membership_id);
begin
    if v_membership.cancelled_at is null or not v_membership.renews then
        perform memberships.refuse_transition('This membership was not cancelled.');
    end if;
    update memberships.memberships
    set
        cancelled_at = null,
        cancel_reason = null,
        ends_at = null,
        renews_at = memberships.paid_until
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    perform memberships.emit('membership.kept', v_membership);
    return v_membership.id;
end;
$$;

/*
 * Let another saved card of the member pay the renewals; null: none. What is owed is charged to it.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 *          PT422 method_expired
 */
create function memberships.set_method(membership_id uuid, method_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(set_method.membership_id);
    v_period memberships.membership_periods = memberships.latest_period(v_membership);
begin
    if set_method.method_id is not null then
        if v_membership.user_id is distinct from auth.uid() then
            perform memberships.refuse_transition('Only the member chooses their card.');
        end if;
        perform memberships.require_method(set_method.method_id, v_membership.user_id);
    end if;
    update memberships.memberships
    set method_id = set_method.method_id
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id;
    if set_method.method_id is not null and v_period.paid_at is null
        and not memberships.is_being_charged(v_period) then
        update memberships.membership_periods as periods
        set next_charge_at = private.now()
        where periods.business_id = v_period.business_id and periods.id = v_period.id;
        perform memberships.charge_periods(array[v_period.id]);
    end if;
    return v_membership.id;
end;
$$;

/*
 * Is a charge of a period on its way?
 */
create function memberships.is_being_charged(period memberships.membership_periods)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from memberships.charge_attempts
        where
            charge_attempts.business_id = period.business_id
            and charge_attempts.period_id = period.id
            and charge_attempts.failed_at is null
    );
end;
$$;

-- sql/55_memberships/functions/changing.sql

-- How a membership changes to another plan. At the end of the period nothing is prorated. At once,
-- what is left of the period is taken back at the old price and charged at the new one, to the
-- second: a revision of the period's sale. Only what was charged is ever taken back, and
-- money.settle_sale returns no more than was paid. A plan with periods of another length begins a
-- period of its own.

/*
 * Return what a change to another plan costs now, before tax that comes on top: what is taken back
 * of the old plan, and what is charged for the new one. A trial changes free of charge.
 */
create function memberships.change_amounts(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices,
    out credit_minor bigint,
    out charge_minor bigint
)
returns record
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods = memberships.latest_period(membership);
    v_now timestamptz = private.now();
begin
    credit_minor = memberships.prorated(
        v_period.price_minor, v_period.starts_at, v_period.ends_at, v_now
    );
    charge_minor = case
        when v_period.number = 0 then 0
        when memberships.has_same_periods(membership, plan) then memberships.prorated(
            price.price_minor, v_period.starts_at, v_period.ends_at, v_now
        )
        else price.price_minor
    end;
end;
$$;

/*
 * Do the periods of a plan have the length of those of a membership?
 */
create function memberships.has_same_periods(
    membership memberships.memberships, plan memberships.membership_plans
)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select
        (membership).period_unit = (plan).period_unit
        and (membership).period_count = (plan).period_count;
end;

/*
 * Return the plan to which a membership may change: another of its business that renews.
 *
 * Errors:  PT404 not_found · PT409 invalid_transition
 */
create function memberships.plan_to_change_to(
    membership memberships.memberships, plan_id uuid
)
returns memberships.membership_plans
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans = memberships.open_plan(plan_to_change_to.plan_id);
begin
    if v_plan.business_id <> membership.business_id or not v_plan.renews then
        perform private.refuse(
            'PT404', 'not_found', 'The business of this membership has no such plan.',
            'Choose a plan of the same business that renews.'
        );
    elsif not membership.renews or membership.cancelled_at is not null then
        perform memberships.refuse_transition('This membership does not renew.');
    elsif v_plan.id = membership.plan_id and membership.next_plan_id is null then
        perform memberships.refuse_transition('This membership has that plan already.');
    end if;
    return v_plan;
end;
$$;

/*
 * Change a membership to another plan: by default at once to one of the same or a higher rank, and
 * at the end of the period to a lower one.
 * Definer: nobody has a write grant on memberships; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function memberships.change(membership_id uuid, plan_id uuid, at_period_end boolean)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(change.membership_id);
    v_plan memberships.membership_plans = memberships.plan_to_change_to(
        v_membership, change.plan_id
    );
    v_price memberships.plan_prices = memberships.price_of(v_plan, v_membership.currency);
    v_rank integer = (
        select membership_plans.rank
        from memberships.membership_plans
        where membership_plans.id = v_membership.plan_id
    );
begin
    if v_plan.id = v_membership.plan_id or coalesce(at_period_end, v_plan.rank < v_rank) then
        update memberships.memberships
        set next_plan_id = nullif(v_plan.id, memberships.plan_id)
        where memberships.id = v_membership.id;
        return v_membership.id;
    elsif memberships.status_at(v_membership, private.now()) not in ('active', 'trialing') then
        perform memberships.refuse_transition('Only an active membership changes at once.');
    end if;
    if v_membership.number = 0 then
        perform memberships.change_trial(v_membership, v_plan, v_price);
    elsif memberships.has_same_periods(v_membership, v_plan) then
        perform memberships.change_within_period(v_membership, v_plan, v_price);
    else
        perform memberships.change_with_new_period(v_membership, v_plan, v_price);
    end if;
    perform memberships.emit('membership.changed', v_membership);
    return v_membership.id;
end;
$$;

/*
 * Change a trial to another plan: nothing is owed, and the trial ends when it would have.
 */
create function memberships.change_trial(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update memberships.memberships
    set
        plan_id = plan.id,
        price_minor = price.price_minor,
        period_unit = plan.period_unit,
        period_count = plan.period_count,
        next_plan_id = null
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id;
    perform memberships.grant_plan(membership.business_id, membership.id);
end;
$$;

/*
 * Change a membership to another plan within its period. The new plan is granted once nothing of
 * the period is owed; what is owed is charged to the saved card.
 */
create function memberships.change_within_period(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods = memberships.latest_period(membership);
    v_amounts record = memberships.change_amounts(membership, plan, price);
begin
    perform sales.revise_sale(
        membership.business_id, v_period.sale_id, 'corrected',
        memberships.change_lines(
            membership, v_period, plan, v_amounts.credit_minor, v_amounts.charge_minor
        )
    );
    update memberships.membership_periods as periods
    set
        plan_id = plan.id,
        price_minor = price.price_minor,
        next_charge_at = case when membership.method_id is not null then private.now() end
    where periods.business_id = v_period.business_id and periods.id = v_period.id;
    update memberships.memberships
    set plan_id = plan.id, price_minor = price.price_minor, next_plan_id = null
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id;
    if (money.sale_balance(v_period.business_id, v_period.sale_id)).balance_minor <= 0 then
        perform memberships.grant_plan(membership.business_id, membership.id);
    end if;
    perform memberships.charge_periods(array[v_period.id]);
end;
$$;

/*
 * Return the lines of a change: what is left of the old plan back, and the same time of the new
 * plan, if there is anything to charge.
 */
create function memberships.change_lines(
    membership memberships.memberships,
    period memberships.membership_periods,
    plan memberships.membership_plans,
    credit_minor bigint,
    charge_minor bigint
)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_old sales.sale_lines;
begin
    select sale_lines.* into v_old
    from sales.sale_lines
    where
        sale_lines.business_id = period.business_id
        and sale_lines.sale_id = period.sale_id
        and sale_lines.kind = 'membership'
        and sale_lines.corrects_line_id is null
    order by sale_lines.position desc
    limit 1;
    return case when change_lines.credit_minor = 0 then '{}'::sales.change[] else array[
        sales.make_change(
            'membership', v_old.id, null, v_old.name, - change_lines.credit_minor,
            plan_id => v_old.plan_id
        )
    ] end || case when change_lines.charge_minor = 0 then '{}'::sales.change[] else array[
        sales.make_change(
            'membership', null, null, plan.name, change_lines.charge_minor, plan_id => plan.id
        )
    ] end;
end;
$$;

-- sql/55_memberships/functions/changing_periods.sql

-- How a membership changes to a plan with periods of another length.

/*
 * Change a membership to a plan with periods of another length: its period ends now, what was left
 * of it is taken back, and a period of the new plan begins with an invoice of its own.
 */
create function memberships.change_with_new_period(
    membership memberships.memberships,
    plan memberships.membership_plans,
    price memberships.plan_prices
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = date_trunc('second', private.now());
    v_period memberships.membership_periods = memberships.latest_period(membership);
    v_membership memberships.memberships;
    v_amounts record = memberships.change_amounts(membership, plan, price);
begin
    perform sales.revise_sale(
        membership.business_id, v_period.sale_id, 'corrected',
        memberships.change_lines(membership, v_period, plan, v_amounts.credit_minor, 0)
    );
    update memberships.membership_periods as periods
    set ends_at = greatest(v_now, periods.starts_at + interval '1 second')
    where periods.business_id = v_period.business_id and periods.id = v_period.id
    returning periods.* into v_period;
    update memberships.memberships
    set
        paid_until = v_period.ends_at,
        due_until = v_period.ends_at + make_interval(hours => 24 * memberships.grace_days),
        renews_at = v_period.ends_at,
        next_plan_id = plan.id
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
    returning memberships.* into v_membership;
    perform memberships.write_renewals(memberships.renewals_of(array[v_membership]));
end;
$$;

-- sql/55_memberships/functions/charging.sql

-- How periods are charged to saved cards. A charge that failed is tried again as the plan says,
-- and every attempt is a row. Whoever has no card, or whose last attempt failed, can pay until the
-- grace ends; after that nothing is charged.

/*
 * Charge some periods whose time has come to the saved cards of their memberships. Returns how many
 * charges were queued. The caller holds the locks of the memberships.
 */
create function memberships.charge_periods(period_ids uuid[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_periods memberships.membership_periods[];
begin
    with taken as (
        update memberships.membership_periods as periods
        set next_charge_at = null
        where
            periods.id = any(charge_periods.period_ids)
            and periods.next_charge_at is not null
            and periods.voided_at is null
        returning periods.*
    )

    select coalesce(array_agg(taken::memberships.membership_periods), '{}') into v_periods
    from taken;
    return memberships.charge(v_periods);
end;
$$;

/*
 * Charge what is owed of some periods to the saved cards of their memberships: the next attempt of
 * each. The member of a card that cannot be charged is told. Returns how many charges were queued.
 */
create function memberships.charge(periods memberships.membership_periods[])
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_charges memberships.charge[] = memberships.charges_of(periods);
    v_sale_ids uuid[] = memberships.attempt_charges(v_charges);
begin
    perform private.emit_all(
        array_agg('membership.payment_failed'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', charge.membership_id, 'business_id', charge.business_id
            )
        ),
        array_agg(null::timestamptz)
    )
    from unnest(v_charges) as charge
    where charge.sale_id <> all(v_sale_ids)
    having count(*) > 0;
    return cardinality(v_sale_ids);
end;
$$;

/*
 * Return what is owed of some periods, with the card that pays it, and which attempt it is. What is
 * paid is left out.
 */
create function memberships.charges_of(periods memberships.membership_periods[])
returns memberships.charge[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_charges memberships.charge[];
begin
    with owed as (
        select
            period.business_id, period.membership_id, period.id, period.sale_id,
            memberships.method_id, balances.balance_minor, earlier.count::integer + 1
        from unnest(periods) as period
        inner join memberships.memberships
            on
                memberships.business_id = period.business_id
                and memberships.id = period.membership_id
        cross join lateral money.sale_balance(period.business_id, period.sale_id) as balances
        cross join lateral (
            select count(*) as count
            from memberships.charge_attempts
            where
                charge_attempts.business_id = period.business_id
                and charge_attempts.period_id = period.id
        ) as earlier
        where balances.balance_minor > 0
    )

    select coalesce(array_agg(owed::memberships.charge), '{}') into v_charges
    from owed;
    return v_charges;
end;
$$;

/*
 * Queue some charges, and write the attempts. Returns the sales that are charged: a card that was
 * forgotten, has expired, or is missing is not.
 */
create function memberships.attempt_charges(charges memberships.charge[])
returns uuid[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_sale_ids uuid[];
begin
    with charged as materialized (
        select begun.*
        from (
            select
                array_agg(charge.business_id) as business_ids,
                array_agg(charge.sale_id) as sale_ids,
                array_agg(charge.method_id) as method_ids,
                array_agg(charge.amount_minor) as amounts
            from unnest(charges) as charge
            where charge.method_id is not null
            having count(*) > 0
        ) as wanted
        cross join lateral money.charge_saved_methods(
            wanted.business_ids, wanted.sale_ids, wanted.method_ids, wanted.amounts
        ) as begun
    ),

    attempted as (
        insert into memberships.charge_attempts (business_id, period_id, number, payment_id, at)
        select
            charge.business_id, charge.period_id, charge.number, charged.payment_id, private.now()
        from charged
        inner join unnest(charges) as charge on charge.sale_id = charged.sale_id
    )

    select coalesce(array_agg(charged.sale_id), '{}') into v_sale_ids
    from charged;
    return v_sale_ids;
end;
$$;

/*
 * Charge the periods whose time has come, of memberships that still live. Returns how many charges
 * were queued. Several runs at once skip each other's.
 */
create function memberships.charge_due(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period_ids uuid[] = array(
        select periods.id
        from memberships.membership_periods as periods
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where
            periods.next_charge_at <= private.now()
            and memberships.closed_at is null
            and memberships.due_until > private.now()
        order by periods.next_charge_at
        limit charge_due.batch_size
        for update of memberships skip locked
    );
begin
    if v_period_ids = '{}' then
        return 0;
    end if;
    perform memberships.charge_periods(v_period_ids);
    return cardinality(v_period_ids);
end;
$$;

/*
 * Note that a charge failed, once, and when it is tried again: as many days after the first attempt
 * as the plan says, but not once the grace is over.
 */
create function memberships.note_failure(payment money.payments)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_attempt memberships.charge_attempts;
    v_membership memberships.memberships;
    v_next_at timestamptz;
begin
    update memberships.charge_attempts
    set failed_at = private.now(), failure = coalesce(payment.failure, payment.status::text)
    where charge_attempts.payment_id = payment.id and charge_attempts.failed_at is null
    returning charge_attempts.* into v_attempt;
    if v_attempt.period_id is null then
        return;
    end if;
    select locked.* into v_membership
    from memberships.membership_periods as periods
    cross join lateral memberships.lock(periods.business_id, periods.membership_id) as locked
    where
        periods.business_id = v_attempt.business_id
        and periods.id = v_attempt.period_id;
    v_next_at = memberships.next_attempt_at(v_membership, v_attempt);
    update memberships.membership_periods as periods
    set next_charge_at = v_next_at
    where
        periods.business_id = v_attempt.business_id
        and periods.id = v_attempt.period_id
        and periods.voided_at is null
        and (money.sale_balance(periods.business_id, periods.sale_id)).balance_minor > 0;
    perform memberships.emit(
        'membership.payment_failed', v_membership, jsonb_build_object('next_attempt_at', v_next_at)
    );
end;
$$;

/*
 * Return when a charge is tried again after an attempt; null: not any more.
 */
create function memberships.next_attempt_at(
    membership memberships.memberships, attempt memberships.charge_attempts
)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_days integer = (
        select membership_plans.retry_days[attempt.number]
        from memberships.membership_plans
        where
            membership_plans.business_id = membership.business_id
            and membership_plans.id = membership.plan_id
    );
    v_at timestamptz = (
        select charge_attempts.at + make_interval(hours => 24 * v_days)
        from memberships.charge_attempts
        where
            charge_attempts.business_id = attempt.business_id
            and charge_attempts.period_id = attempt.period_id
            and charge_attempts.number = 1
    );
begin
    return case when v_at < membership.due_until then greatest(v_at, private.now()) end;
end;
$$;

-- sql/55_memberships/functions/closing.sql

-- How memberships end. Time ends them; a worker only records that they ended, tells the member, and
-- takes back invoices that can no longer be paid.

/*
 * Record that a membership is over. The invoice of whoever never began is taken back at once; that
 * of a renewal can be paid until its period is over, which restores the membership.
 */
create function memberships.close(membership memberships.memberships)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    update memberships.memberships
    set
        closed_at = private.now(),
        ends_at = least(memberships.ends_at, memberships.due_until),
        renews_at = null,
        next_plan_id = null
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
    returning memberships.* into v_membership;
    update memberships.membership_periods as periods
    set next_charge_at = null
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.next_charge_at is not null;
    if v_membership.granted_plan_id is null then
        perform memberships.void_period(
            v_membership.business_id, v_membership.id, v_membership.number, 'expired'
        );
        return;
    end if;
    perform customers.end_access(
        v_membership.business_id, v_membership.id, v_membership.ends_at
    );
    perform memberships.emit('membership.ended', v_membership);
end;
$$;

/*
 * Record the ends of memberships that are over. Returns how many. Several workers may run it at
 * once; each skips what another has locked.
 */
create function memberships.close_ended(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ended memberships.memberships[] = array(
        select memberships
        from memberships.memberships
        where
            memberships.closed_at is null
            and (
                memberships.ends_at <= private.now()
                or memberships.due_until <= private.now()
            )
            and memberships.is_over(memberships, private.now())
        limit close_ended.batch_size
        for update skip locked
    );
begin
    perform memberships.close(ended) from unnest(v_ended) as ended;
    return cardinality(v_ended);
end;
$$;

/*
 * Take back the invoices of periods that are over and were not paid. Returns how many.
 */
create function memberships.void_unpaid(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_unpaid memberships.membership_periods[] = array(
        select periods
        from memberships.membership_periods as periods
        inner join memberships.memberships
            on
                memberships.business_id = periods.business_id
                and memberships.id = periods.membership_id
        where
            periods.paid_at is null
            and periods.voided_at is null
            and periods.ends_at <= private.now()
            and memberships.closed_at is not null
        limit void_unpaid.batch_size
        for update of memberships skip locked
    );
begin
    perform memberships.void_period(
        unpaid.business_id, unpaid.membership_id, unpaid.number, 'expired'
    )
    from unnest(v_unpaid) as unpaid;
    return cardinality(v_unpaid);
end;
$$;

-- sql/55_memberships/functions/gifts.sql

-- Plans bought for somebody else. Whoever has the code, or signs in with the address that the buyer
-- named, redeems the gift once; it is a membership of one period that does not renew.

/*
 * Buy a plan as a gift. Returns {gift_id, sale_id, code}; nothing keeps the code.
 * Definer: nobody has a write grant on sales and gifts; the buyer is the caller.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function memberships.buy_gift(plan_id uuid, currency text, email text, message text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
    v_price memberships.plan_prices;
    v_buyer identity.profiles = scheduling.caller_profile();
    v_quote jsonb;
    v_gift memberships.gifts;
    v_code text = money.make_gift_card_code();
begin
    v_plan = memberships.open_plan(buy_gift.plan_id);
    v_price = memberships.price_of(v_plan, buy_gift.currency);
    v_price.signup_fee_minor = 0;
    v_quote = memberships.quote(
        v_plan, v_price, false,
        pricing.for_buyer(pricing.make_terms(), v_plan.business_id, v_buyer.id, v_buyer.email)
    );
    v_gift.sale_id = sales.place_sale(
        v_plan.business_id, v_buyer.id, v_buyer.full_name, v_buyer.email, v_buyer.phone, v_quote
    );
    insert into memberships.gifts (
        business_id, plan_id, sale_id, buyer_id, email, message, code_hash, expires_at, created_at
    )
    values (
        v_plan.business_id, v_plan.id, v_gift.sale_id, v_buyer.id, buy_gift.email,
        buy_gift.message, money.gift_card_hash(v_code), private.now() + interval '3 years',
        private.now()
    )
    returning gifts.* into v_gift;
    if (v_quote ->> 'total_minor')::bigint = 0 then
        perform memberships.activate_gift(v_gift.business_id, v_gift.sale_id);
    end if;
    return jsonb_build_object(
        'gift_id', v_gift.id, 'sale_id', v_gift.sale_id, 'code', v_code
    );
end;
$$;

/*
 * Let the gift of a sale be redeemed, because it is paid, and tell whom it is for.
 */
create function memberships.activate_gift(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_gift memberships.gifts;
begin
    update memberships.gifts
    set paid_at = private.now()
    where
        gifts.business_id = activate_gift.business_id
        and gifts.sale_id = activate_gift.sale_id
        and gifts.paid_at is null
        and (money.sale_balance(gifts.business_id, gifts.sale_id)).balance_minor <= 0
    returning gifts.* into v_gift;
    if v_gift.email is not null then
        perform private.emit(
            'gift.paid',
            jsonb_build_object('gift_id', v_gift.id, 'business_id', v_gift.business_id)
        );
    end if;
end;
$$;

/*
 * Redeem a gift: by its code or, for whoever confirmed the address that it was bought for, by its
 * id. Returns the id of the membership.
 * Definer: nobody has a write grant on memberships; the code or the address is checked.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function memberships.redeem_gift(gift_id uuid, code text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_caller identity.profiles = scheduling.caller_profile();
    v_gift memberships.gifts;
    v_membership memberships.memberships;
begin
    select gifts.* into v_gift
    from memberships.gifts
    where
        gifts.paid_at is not null
        and gifts.redeemed_at is null
        and gifts.expires_at > private.now()
        and (
            gifts.code_hash = money.gift_card_hash(redeem_gift.code)
            or gifts.id = redeem_gift.gift_id
            and lower(gifts.email) = (
                select lower(users.email)
                from auth.users
                where users.id = v_caller.id and users.email_confirmed_at is not null
            )
        )
    for update;
    if v_gift.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such gift to redeem.',
            'Check the code, or sign in with the address that the gift was sent to.'
        );
    end if;
    v_membership = memberships.begin_gift(v_gift, v_caller);
    update memberships.gifts
    set redeemed_at = private.now(), membership_id = v_membership.id
    where gifts.id = v_gift.id;
    return v_membership.id;
end;
$$;

/*
 * Write the membership of a gift: one period of its plan, which the gift's sale has paid.
 */
create function memberships.begin_gift(gift memberships.gifts, receiver identity.profiles)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
    v_line sales.sale_lines;
    v_price memberships.plan_prices;
    v_membership memberships.memberships;
    v_period_id uuid = gen_random_uuid();
begin
    select membership_plans.* into strict v_plan
    from memberships.membership_plans
    where membership_plans.business_id = gift.business_id and membership_plans.id = gift.plan_id;
    select sale_lines.* into strict v_line
    from sales.sale_lines
    where
        sale_lines.business_id = gift.business_id
        and sale_lines.sale_id = gift.sale_id
        and sale_lines.position = 1;
    select sales.currency into strict v_price.currency
    from sales.sales
    where sales.business_id = gift.business_id and sales.id = gift.sale_id;
    v_price.price_minor = v_line.amount_minor - v_line.discount_minor;
    v_plan.renews = false;
    v_membership = memberships.make_membership(
        v_plan, v_price, receiver.id, memberships.customer_for(v_plan.business_id, receiver), false
    );
    insert into memberships.memberships values (v_membership.*);
    insert into memberships.membership_periods (
        id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, sale_id,
        period_unit, period_count
    )
    values (
        v_period_id, v_membership.business_id, v_membership.id, 1, v_plan.id,
        v_membership.joined_at, memberships.start_of(v_membership, 2), v_price.price_minor,
        gift.sale_id, v_membership.period_unit, v_membership.period_count
    );
    perform memberships.settle_period(v_membership.business_id, v_period_id);
    return v_membership;
end;
$$;

-- sql/55_memberships/functions/loyalty.sql

-- How the points of a sale follow from it. Whatever changes a sale (a delivery, a revision, a gift
-- card that pays) calls loyalty.settle_sale, which computes how many points the sale should have
-- earned and redeemed as it stands now, and writes the difference. So the order of the changes, and
-- how often one of them is told, make no difference.

/*
 * Bring the points of a sale to what follows from it. A business without a program costs one look.
 */
create function loyalty.settle_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs = loyalty.program_of(settle_sale.business_id);
    v_customer_id uuid;
begin
    if v_program.id is null then
        return;
    end if;
    v_customer_id = loyalty.customer_of_sale(settle_sale.business_id, settle_sale.sale_id);
    if v_customer_id is null then
        return;
    end if;
    perform loyalty.lock_accounts(
        v_program.business_id,
        v_customer_id || loyalty.referrers_of(v_program.business_id, v_customer_id)
    );
    perform loyalty.settle_redeemed(
        loyalty.make_entry(v_program.business_id, v_customer_id, 'returned', settle_sale.sale_id)
    );
    perform loyalty.settle_earned(
        v_program,
        loyalty.make_entry(v_program.business_id, v_customer_id, 'earned', settle_sale.sale_id)
    );
end;
$$;

/*
 * Return whose points a sale changes: whoever earned or redeemed points with it before, else
 * whoever bought.
 */
create function loyalty.customer_of_sale(business_id uuid, sale_id uuid)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        (
            select earnings.customer_id
            from loyalty.earnings
            where
                earnings.business_id = customer_of_sale.business_id
                and earnings.sale_id = customer_of_sale.sale_id
        ),
        (
            select entries.customer_id
            from loyalty.entries
            where
                entries.business_id = customer_of_sale.business_id
                and entries.sale_id = customer_of_sale.sale_id
                and entries.kind = 'redeemed'
            limit 1
        ),
        (
            select customers.customer_of(sales.business_id, sales.customer_id, sales.customer_email)
            from sales.sales
            where
                sales.business_id = customer_of_sale.business_id
                and sales.id = customer_of_sale.sale_id
        )
    );
end;
$$;

/*
 * Give back the points that paid what was taken back of a sale, or take them again where it stands
 * again.
 */
create function loyalty.settle_redeemed(entry loyalty.entries)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_redeemed bigint;
    v_kept bigint;
    v_difference bigint;
begin
    select
        coalesce(- sum(entries.points) filter (where entries.kind = 'redeemed'), 0),
        coalesce(- sum(entries.points), 0)
    into v_redeemed, v_kept
    from loyalty.entries
    where
        entries.business_id = entry.business_id
        and entries.sale_id = entry.sale_id
        and entries.kind in ('redeemed', 'returned');
    if v_redeemed = 0 then
        return;
    end if;
    v_difference = v_kept
        - round(v_redeemed * loyalty.standing_share(entry.business_id, entry.sale_id));
    if v_difference > 0 then
        perform loyalty.return_points(entry, v_difference);
    elsif v_difference < 0 then
        perform loyalty.take_points(entry, - v_difference);
    end if;
end;
$$;

/*
 * Write what a sale earns, once all of it is provided, and take back what does not stand any more.
 */
create function loyalty.settle_earned(program loyalty.programs, entry loyalty.entries)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_amount bigint = loyalty.earning_amount(entry.business_id, entry.sale_id);
    v_earning loyalty.earnings = loyalty.earning_of(program, entry, v_amount);
begin
    if v_earning.sale_id is null then
        return;
    end if;
    perform loyalty.settle_lot(entry, 'clawed_back', loyalty.points_for(v_earning, v_amount));
    perform loyalty.reward_referral(entry, v_amount > 0);
end;
$$;

/*
 * Return by which terms a sale earns, and write them down when it earns for the first time: when it
 * is completed. Nothing is returned while it does not earn.
 */
create function loyalty.earning_of(
    program loyalty.programs, entry loyalty.entries, amount_minor bigint
)
returns loyalty.earnings
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_earning loyalty.earnings;
begin
    select earnings.* into v_earning
    from loyalty.earnings
    where
        earnings.business_id = entry.business_id and earnings.sale_id = entry.sale_id;
    if v_earning.sale_id is not null
        or not program.is_active
        or amount_minor = 0
        or not loyalty.is_completed(entry.business_id, entry.sale_id) then
        return v_earning;
    end if;
    insert into loyalty.earnings (
        business_id, sale_id, customer_id, earn_points, earn_minor, rounding,
        minimum_spend_minor, percent, created_at
    )
    select
        sales.business_id, sales.id, entry.customer_id, program.earn_points, program.earn_minor,
        program.rounding, program.minimum_spend_minor,
        loyalty.percent_for(sales, entry.customer_id), private.now()
    from sales.sales
    where
        sales.business_id = entry.business_id
        and sales.id = entry.sale_id
        and sales.currency = program.currency
    returning earnings.* into v_earning;
    return v_earning;
end;
$$;

/*
 * Bring what a customer was given for a sale to a number of points: the first of them are a lot,
 * and later changes, of the kind of corrections, change that lot.
 */
create function loyalty.settle_lot(
    entry loyalty.entries, correction loyalty.entry_kind, target bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot_id uuid = loyalty.lot_of(entry);
    v_difference bigint = target - loyalty.given_for(entry, correction);
    v_correction loyalty.entries = loyalty.make_entry(
        entry.business_id, entry.customer_id, correction, entry.sale_id
    );
begin
    if v_difference < 0 then
        perform loyalty.claw_back(v_correction, - v_difference, v_lot_id);
    elsif v_difference > 0 and v_lot_id is null then
        perform loyalty.add_points(
            entry, v_difference, loyalty.expiry_of(loyalty.program_of(entry.business_id))
        );
    elsif v_difference > 0 then
        perform loyalty.write_entry(v_correction, v_lot_id, v_difference);
        perform loyalty.expire_lots(entry.business_id, entry.customer_id);
        perform loyalty.repay_debt(entry.business_id, entry.customer_id);
    end if;
end;
$$;

/*
 * Return the lot of what a customer was given for a sale; null if nothing was given.
 */
create function loyalty.lot_of(entry loyalty.entries)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select entries.lot_id
        from loyalty.entries
        where
            entries.business_id = entry.business_id
            and entries.sale_id = entry.sale_id
            and entries.customer_id = entry.customer_id
            and entries.kind = entry.kind
            and entries.points > 0
        limit 1
    );
end;
$$;

/*
 * Return how many points a customer was given for a sale, less what was taken back.
 */
create function loyalty.given_for(entry loyalty.entries, correction loyalty.entry_kind)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(entries.points), 0)
        from loyalty.entries
        where
            entries.business_id = entry.business_id
            and entries.sale_id = entry.sale_id
            and entries.customer_id = entry.customer_id
            and entries.kind in (entry.kind, correction)
    );
end;
$$;

-- sql/55_memberships/functions/loyalty_adjusting.sql

-- How members change the points of a customer by hand.

/*
 * Add points to a customer, or take some of those that are left, with a reason. New points expire
 * as earned ones do.
 * Definer: nobody has a write grant on points; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 insufficient_points
 */
create function loyalty.adjust(
    business_id uuid, customer_id uuid, points integer, reason text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_program loyalty.programs;
    v_entry loyalty.entries = loyalty.make_entry(
        adjust.business_id, adjust.customer_id, 'adjusted', null, adjust.reason, auth.uid()
    );
    v_left bigint;
begin
    perform private.require_member(adjust.business_id, 'manage');
    v_program = loyalty.require_program(adjust.business_id);
    if not exists (
        select 1
        from customers.customers
        where
            customers.business_id = adjust.business_id
            and customers.id = adjust.customer_id
            and customers.merged_into_id is null
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'The business has no such customer.',
            'Choose one of the view customers.'
        );
    end if;
    perform loyalty.lock_accounts(adjust.business_id, array[adjust.customer_id]);
    v_left = loyalty.spendable(adjust.business_id, adjust.customer_id, private.now());
    if v_left + adjust.points < 0 then
        perform loyalty.refuse_excess(v_left);
    elsif adjust.points < 0 then
        perform loyalty.take_points(v_entry, - adjust.points);
    else
        perform loyalty.add_points(v_entry, adjust.points, loyalty.expiry_of(v_program));
    end if;
end;
$$;

/*
 * Return the program of a business that has one.
 *
 * Errors:  PT404 not_found
 */
create function loyalty.require_program(business_id uuid)
returns loyalty.programs
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs = loyalty.program_of(require_program.business_id);
begin
    if v_program.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'This business has no loyalty program.',
            'Check the id in the view loyalty_programs.'
        );
    end if;
    return v_program;
end;
$$;

-- sql/55_memberships/functions/loyalty_amounts.sql

-- On what a sale earns points: on what stands of its services and goods, and was paid with money.
-- Points are a discount, so what they paid is not in it; what gift cards and credit paid is left
-- out, in proportion. Fees, tips, gift cards, memberships and shipping earn nothing.

/*
 * Return on which amount a sale earns points, as it stands now.
 */
create function loyalty.earning_amount(business_id uuid, sale_id uuid)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_owed numeric = (money.sale_balance(earning_amount.business_id, earning_amount.sale_id)).owed_minor;
    v_standing numeric = (
        select coalesce(sum(standing.standing_minor), 0)
        from loyalty.earning_lines(earning_amount.business_id, earning_amount.sale_id) as standing
    );
    v_by_credit numeric = (
        select
            coalesce(
                sum(parts.captured_minor - parts.refunding_minor - parts.refunded_minor), 0
            )
        from money.payment_parts as parts
        where
            parts.business_id = earning_amount.business_id
            and parts.sale_id = earning_amount.sale_id
            and parts.provider in ('gift_card', 'credit')
    );
begin
    if v_owed <= 0 then
        return 0;
    end if;
    return round(v_standing * greatest(v_owed - v_by_credit, 0) / v_owed);
end;
$$;

/*
 * Return the lines of a sale that earn points, with what stands of them.
 */
create function loyalty.earning_lines(business_id uuid, sale_id uuid)
returns table (sale_line_id uuid, standing_minor bigint)
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select standing.sale_line_id, standing.standing_minor
    from sales.standing_lines(earning_lines.business_id, earning_lines.sale_id) as standing
    inner join sales.sale_lines on sale_lines.id = standing.sale_line_id
    where sale_lines.kind in ('service', 'product') and standing.standing_minor > 0;
end;
$$;

/*
 * Is everything of a sale provided that earns points?
 */
create function loyalty.is_completed(business_id uuid, sale_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return not exists (
        select 1
        from loyalty.earning_lines(is_completed.business_id, is_completed.sale_id) as standing
        where not exists (
            select 1
            from sales.sale_line_deliveries
            where
                sale_line_deliveries.business_id = is_completed.business_id
                and sale_line_deliveries.sale_line_id = standing.sale_line_id
        )
    );
end;
$$;

/*
 * Return how many points an amount earns by some terms. They are rounded once.
 */
create function loyalty.points_for(earning loyalty.earnings, amount_minor bigint)
returns bigint
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_points numeric = amount_minor::numeric * earning.earn_points * earning.percent
        / (earning.earn_minor::numeric * 100);
begin
    return case
        when amount_minor < earning.minimum_spend_minor then 0
        when earning.rounding = 'down' then floor(v_points)
        when earning.rounding = 'up' then ceil(v_points)
        else round(v_points)
    end;
end;
$$;

/*
 * Return how many percent of the usual points a sale earns: the highest of the multipliers that
 * apply when it is placed.
 */
create function loyalty.percent_for(sale sales.sales, customer_id uuid)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_accesses text[] = customers.accesses_of(
        sale.business_id, percent_for.customer_id, sale.placed_at
    );
begin
    return (
        select coalesce(max(multipliers.percent), 100)
        from loyalty.multipliers
        where
            multipliers.business_id = sale.business_id
            and coalesce(multipliers.access = any(v_accesses), true)
            and coalesce(multipliers.starts_at <= sale.placed_at, true)
            and coalesce(multipliers.ends_at > sale.placed_at, true)
    );
end;
$$;

/*
 * Return which part of what points paid still stands: 1 for a sale as it was agreed, 0 for one that
 * was taken back whole. What was taken back of a line takes back as much of its points.
 */
create function loyalty.standing_share(business_id uuid, sale_id uuid)
returns numeric
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            sum(
                paid.amount_minor * least(1, greatest(0, case
                    when sold.amount_minor > sold.discount_minor
                        then paid.left_minor / (sold.amount_minor - sold.discount_minor)
                    else paid.left_discount_minor / sold.discount_minor
                end))
            ) / sum(paid.amount_minor)
        from sales.sale_lines as sold
        cross join lateral (
            select
                sum(discounts.amount_minor) as amount_minor,
                (
                    select sum(lines.amount_minor - lines.discount_minor)
                    from loyalty.lines_of(sold) as lines
                ) as left_minor,
                (
                    select sum(lines.discount_minor) from loyalty.lines_of(sold) as lines
                ) as left_discount_minor
            from sales.sale_line_discounts as discounts
            where
                discounts.business_id = sold.business_id
                and discounts.sale_line_id = sold.id
                and discounts.source = 'points'
        ) as paid
        where
            sold.business_id = standing_share.business_id
            and sold.sale_id = standing_share.sale_id
            and sold.revision = 0
            and paid.amount_minor > 0
    );
end;
$$;

/*
 * Return a line and those that correct it, without the fees that were charged for it, and without
 * what vouchers move to and fro.
 */
create function loyalty.lines_of(sold sales.sale_lines)
returns setof sales.sale_lines
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select lines.*
    from sales.sale_lines as lines
    where
        lines.business_id = sold.business_id
        and lines.sale_id = sold.sale_id
        and (
            lines.id = sold.id
            or lines.corrects_line_id = sold.id and lines.kind not in ('fee', 'voucher')
        );
end;
$$;

-- sql/55_memberships/functions/loyalty_notices.sql

-- How customers hear that points of theirs expire: once for each lot, as many days before as their
-- program says. Points expire by time alone; nothing waits for this.

/*
 * Tell customers of lots that expire soon, at most so many. Returns how many. Of several that look
 * at once each takes other lots.
 * Definer: called by the workers, who have no access to the tables.
 */
create function loyalty.tell_of_expiring(batch integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_lot loyalty.lots;
    v_count integer = 0;
begin
    for v_lot in
        select lots.*
        from loyalty.lots
        inner join loyalty.programs on programs.business_id = lots.business_id
        where
            lots.points > 0
            and lots.told_at is null
            and lots.expires_at > private.now()
            and lots.expires_at <= private.now() + make_interval(days => programs.notice_days)
        order by lots.expires_at
        limit tell_of_expiring.batch
        for update of lots skip locked
    loop
        update loyalty.lots
        set told_at = private.now()
        where lots.id = v_lot.id;
        perform private.emit('points.expiring', jsonb_build_object('lot_id', v_lot.id));
        v_count = v_count + 1;
    end loop;
    return v_count;
end;
$$;

/*
 * Return what templates may say about points that expire.
 */
create function loyalty.points_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'business_id', lots.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'customer_name', coalesce(customers.name, ''),
            'program_name', programs.name,
            'points', lots.points,
            'expires_at', lots.expires_at,
            'time_zone', businesses.time_zone
        )
    from unnest(points_data.messages) as messages
    inner join loyalty.lots on lots.id = messages.subject_id
    inner join loyalty.programs on programs.business_id = lots.business_id
    inner join business.businesses on businesses.id = lots.business_id
    inner join customers.customers
        on customers.business_id = lots.business_id and customers.id = lots.customer_id;
end;
$$;

/*
 * Return who hears of points: the customer, if they have an account.
 */
create function loyalty.points_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(points_readers.messages) as messages
    inner join loyalty.lots on lots.id = messages.subject_id
    inner join customers.customers
        on customers.business_id = lots.business_id and customers.id = lots.customer_id
    inner join identity.profiles on profiles.id = customers.user_id
    where audience = 'customer' and lots.points > 0;
end;
$$;

-- sql/55_memberships/functions/notifications.sql

-- What people are told of memberships and gifts, and who hears of it. Both are registered as
-- subjects in the seed; the texts are those of 70_notifications.

/*
 * Return what templates may say about memberships.
 */
create function memberships.membership_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'membership_id', memberships.id,
            'business_id', memberships.business_id,
            'customer_name', coalesce(customers.name, profiles.full_name, profiles.email, ''),
            'business_name', businesses.name,
            'business_email', businesses.email,
            'plan_name', membership_plans.name,
            'price', scheduling.money_data(memberships.price_minor, memberships.currency),
            'new_price', case
                when messages.payload ? 'price_minor' then scheduling.money_data(
                    (messages.payload ->> 'price_minor')::bigint, memberships.currency
                )
            end,
            'paid_until', memberships.paid_until,
            'due_until', memberships.due_until,
            'at', coalesce(
                messages.payload ->> 'effective_at', messages.payload ->> 'next_attempt_at'
            ),
            'time_zone', memberships.time_zone
        )
    from unnest(membership_data.messages) as messages
    inner join memberships.memberships on memberships.id = messages.subject_id
    inner join memberships.membership_plans
        on
            membership_plans.business_id = memberships.business_id
            and membership_plans.id = memberships.plan_id
    inner join business.businesses on businesses.id = memberships.business_id
    inner join customers.customers
        on
            customers.business_id = memberships.business_id
            and customers.id = memberships.customer_id
    left join identity.profiles on profiles.id = memberships.user_id;
end;
$$;

/*
 * Return who hears of memberships: the member, or the owners and managers of the business.
 */
create function memberships.membership_readers(
    messages private.subject_message[], audience text
)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        profiles.email,
        profiles.phone,
        profiles.locale,
        null::jsonb
    from unnest(membership_readers.messages) as messages
    inner join memberships.memberships on memberships.id = messages.subject_id
    inner join identity.profiles on profiles.id = memberships.user_id
    where audience = 'customer'
    union all
    select readers.*
    from unnest(membership_readers.messages) as messages
    inner join memberships.memberships on memberships.id = messages.subject_id
    cross join lateral
    business.manager_readers(memberships.business_id, messages.ordinal) as readers
    where audience = 'business';
end;
$$;

/*
 * Return what templates may say about gifts. The code is not in it: nothing keeps it.
 */
create function memberships.gift_data(messages private.subject_message[])
returns setof private.subject_facts
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        jsonb_build_object(
            'gift_id', gifts.id,
            'business_id', gifts.business_id,
            'business_name', businesses.name,
            'business_email', businesses.email,
            'plan_name', membership_plans.name,
            'buyer_name', coalesce(profiles.full_name, profiles.email, ''),
            'message', coalesce(gifts.message, ''),
            'expires_at', gifts.expires_at,
            'time_zone', businesses.time_zone
        )
    from unnest(gift_data.messages) as messages
    inner join memberships.gifts on gifts.id = messages.subject_id
    inner join memberships.membership_plans
        on
            membership_plans.business_id = gifts.business_id
            and membership_plans.id = gifts.plan_id
    inner join business.businesses on businesses.id = gifts.business_id
    left join identity.profiles on profiles.id = gifts.buyer_id;
end;
$$;

/*
 * Return who hears of a gift: the address that it was bought for.
 */
create function memberships.gift_readers(messages private.subject_message[], audience text)
returns setof private.reader
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        messages.ordinal,
        profiles.id,
        gifts.email,
        null::text,
        coalesce(profiles.locale, businesses.locale),
        null::jsonb
    from unnest(gift_readers.messages) as messages
    inner join memberships.gifts on gifts.id = messages.subject_id
    inner join business.businesses on businesses.id = gifts.business_id
    left join identity.profiles on lower(profiles.email) = lower(gifts.email)
    where audience = 'customer' and gifts.email is not null;
end;
$$;

-- sql/55_memberships/functions/own.sql

-- What policies ask once a statement, and what the API calls for one membership.

/*
 * The memberships of the signed-in customer.
 * Definer: periods ask this instead of the policy of memberships.
 */
create function private.my_memberships()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select memberships.id
    from memberships.memberships
    where memberships.user_id = auth.uid();
end;
$$;

/*
 * The plans that the signed-in customer is or was on.
 * Definer: as private.my_memberships.
 */
create function private.my_plans()
returns setof uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return query
    select memberships.plan_id
    from memberships.memberships
    where memberships.user_id = auth.uid();
end;
$$;

/*
 * Let the caller join a plan. Repeating the call with its key returns the first membership.
 * Definer: nobody has a write grant on memberships and sales; the buyer is the caller.
 *
 * Errors:  PT401 not_signed_in · PT409 idempotency_conflict · those of memberships.sell
 */
create function memberships.join_plan(
    plan_id uuid, terms pricing.context, method_id uuid, idempotency_key text
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_buyer identity.profiles = scheduling.caller_profile();
    v_answer jsonb;
    v_id uuid;
begin
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'join_membership', idempotency_key,
            jsonb_build_array(join_plan.plan_id, to_jsonb(terms), join_plan.method_id)
        );
        if v_answer is not null then
            return (v_answer ->> 'id')::uuid;
        end if;
    end if;
    v_id = memberships.sell(join_plan.plan_id, v_buyer, terms, join_plan.method_id);
    if idempotency_key is not null then
        perform private.remember_answer(
            'join_membership', idempotency_key, jsonb_build_object('id', v_id)
        );
    end if;
    return v_id;
end;
$$;

/*
 * Return what it costs to change a membership to a plan now, before tax that comes on top.
 * Definer: reads what the member and the business may see; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function memberships.change_quote(membership_id uuid, plan_id uuid)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(change_quote.membership_id);
    v_plan memberships.membership_plans = memberships.plan_to_change_to(
        v_membership, change_quote.plan_id
    );
    v_amounts record = memberships.change_amounts(
        v_membership, v_plan, memberships.price_of(v_plan, v_membership.currency)
    );
begin
    return jsonb_build_object(
        'membership_id', v_membership.id,
        'plan_id', v_plan.id,
        'currency', v_membership.currency,
        'credit_minor', v_amounts.credit_minor,
        'charge_minor', v_amounts.charge_minor,
        'difference_minor', v_amounts.charge_minor - v_amounts.credit_minor,
        'at', date_trunc('second', private.now())
    );
end;
$$;

-- sql/55_memberships/functions/pausing.sql

-- How a membership rests. A pause keeps what is left of the period: its end moves by as much as the
-- pause lasts, to the second. A skipped period is not charged and grants nothing.

/*
 * Move the end of what is paid by some time, and count later periods from there.
 */
create function memberships.shift(membership memberships.memberships, by interval)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    update memberships.membership_periods as periods
    set ends_at = periods.ends_at + shift.by
    where
        periods.business_id = membership.business_id
        and periods.membership_id = membership.id
        and periods.number = membership.number;
    update memberships.memberships
    set
        paid_until = memberships.paid_until + shift.by,
        due_until = memberships.due_until + shift.by,
        trial_ends_at = case
            when memberships.number = 0 then memberships.paid_until + shift.by
            else memberships.trial_ends_at
        end,
        anchor_at = memberships.paid_until + shift.by,
        anchor_number = memberships.number + 1,
        renews_at = memberships.paid_until + shift.by
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
    returning memberships.* into v_membership;
    return v_membership;
end;
$$;

/*
 * Pause a membership from now on: until an instant, or until somebody resumes it.
 * Definer: as memberships.change.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function memberships.pause(membership_id uuid, until timestamptz)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(pause.membership_id);
    v_now timestamptz = date_trunc('second', private.now());
begin
    perform memberships.require_running(v_membership);
    if pause.until not between v_now + interval '1 hour' and v_now + interval '366 days' then
        perform private.invalid('until', 'must be from an hour to 366 days ahead');
    end if;
    if pause.until is not null then
        v_membership = memberships.shift(v_membership, pause.until - v_now);
    end if;
    update memberships.memberships
    set
        paused_at = v_now,
        resumes_at = pause.until,
        renews_at = case when pause.until is not null then memberships.renews_at end
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    perform memberships.emit('membership.paused', v_membership);
    return v_membership.id;
end;
$$;

/*
 * Refuse a membership that does not run and renew: one that is unpaid, cancelled, or paused
 * already.
 *
 * Errors:  PT409 invalid_transition
 */
create function memberships.require_running(membership memberships.memberships)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if memberships.status_at(membership, private.now()) not in ('active', 'trialing')
        or membership.renews_at is null
        or coalesce(membership.paused_at > private.now(), false) then
        perform memberships.refuse_transition(
            'Only a membership that runs and renews can be paused or skip a period.'
        );
    end if;
end;
$$;

/*
 * Resume a paused membership now.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.resume(membership_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(resume.membership_id);
begin
    if not memberships.is_paused(v_membership, private.now())
        or v_membership.paid_until <= v_membership.paused_at then
        perform memberships.refuse_transition('This membership is not paused.');
    end if;
    v_membership = memberships.end_pause(v_membership);
    perform memberships.write_access(v_membership);
    perform memberships.emit('membership.resumed', v_membership);
    return v_membership.id;
end;
$$;

/*
 * End the pause of a membership now: what was left of its period follows.
 */
create function memberships.end_pause(membership memberships.memberships)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_now timestamptz = date_trunc('second', private.now());
    v_membership memberships.memberships = memberships.shift(
        membership, v_now - coalesce(membership.resumes_at, membership.paused_at)
    );
begin
    update memberships.memberships
    set
        paused_at = case when memberships.paused_at < v_now then memberships.paused_at end,
        resumes_at = case when memberships.paused_at < v_now then v_now end
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    return v_membership;
end;
$$;

/*
 * Skip the next period: the membership rests from the end of this one to the end of the next.
 * Definer: as memberships.change.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function memberships.skip(membership_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_membership memberships.memberships = memberships.lock_own(skip.membership_id);
    v_resumes_at timestamptz = memberships.start_of(v_membership, v_membership.number + 2);
begin
    perform memberships.require_running(v_membership);
    update memberships.memberships
    set
        paused_at = memberships.renews_at,
        resumes_at = v_resumes_at,
        renews_at = v_resumes_at,
        due_until = v_resumes_at + make_interval(hours => 24 * memberships.grace_days),
        anchor_number = memberships.anchor_number - 1
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    return v_membership.id;
end;
$$;

-- sql/55_memberships/functions/periods.sql

-- When periods begin. Each is counted from the anchor, never from the period before: from 31
-- January, periods of a month begin on 28 February and on 31 March. Months and days are those of
-- the wall clock in the zone of the business; a time that the clocks skip moves forward.

/*
 * Return the length of some periods.
 */
create function memberships.length_of(unit memberships.period_unit, count integer)
returns interval
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case unit
        when 'day' then make_interval(days => count)
        when 'week' then make_interval(weeks => count)
        when 'month' then make_interval(months => count)
        else make_interval(years => count)
    end;
end;
$$;

/*
 * Return what a price for some periods is worth a month, rounded half away from zero. The month of
 * days and weeks is the mean one of the Gregorian calendar: 365.2425 / 12 days.
 */
create function memberships.monthly_minor(
    price_minor bigint, unit memberships.period_unit, count integer
)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select round(
        price_minor
        / case unit
            when 'day' then 12 / 365.2425
            when 'week' then 84 / 365.2425
            when 'month' then 1
            else 12
        end
        / count
    )::bigint;
end;

/*
 * Return when the n-th period from an anchor begins; 0 begins at the anchor.
 */
create function memberships.period_start(
    anchor_at timestamptz,
    time_zone text,
    unit memberships.period_unit,
    count integer,
    n integer
)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if n = 0 then
        return anchor_at;
    end if;
    return (
        (anchor_at at time zone time_zone) + memberships.length_of(unit, count * n)
    ) at time zone time_zone;
end;
$$;

/*
 * Return when a period of a membership begins, by its number.
 */
create function memberships.start_of(membership memberships.memberships, number integer)
returns timestamptz
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return memberships.period_start(
        membership.anchor_at, membership.time_zone, membership.period_unit,
        membership.period_count, number - membership.anchor_number
    );
end;
$$;

/*
 * Return the share of an amount that belongs to what is left of a period at an instant, to the
 * second, rounded half away from zero.
 */
create function memberships.prorated(
    amount_minor bigint, starts_at timestamptz, ends_at timestamptz, at timestamptz
)
returns bigint
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select round(
        amount_minor
        * extract(
            epoch from ends_at - least(greatest(date_trunc('second', at), starts_at), ends_at)
        )
        / extract(epoch from ends_at - starts_at)
    )::bigint;
end;

-- sql/55_memberships/functions/prices.sql

-- New prices for members who joined before. They are announced at least 30 days before they apply,
-- and a higher one applies only to members who accepted it, unless the business says that its
-- members need not accept it by law. The others keep the price that they agreed to.

/*
 * Announce a new price of a plan to its members.
 * Definer: nobody has a write grant on announcements; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function memberships.announce_price(
    plan_id uuid,
    currency text,
    price_minor bigint,
    effective_at timestamptz,
    needs_consent boolean
)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change memberships.price_changes;
    v_business_id uuid = (
        select membership_plans.business_id
        from memberships.membership_plans
        where membership_plans.id = announce_price.plan_id
    );
begin
    perform private.require_member(v_business_id, 'manage');
    if announce_price.effective_at < private.now() + interval '30 days' then
        perform private.invalid('effective_at', 'must be at least 30 days ahead');
    elsif not exists (
        select 1 from pricing.currencies where currencies.code = announce_price.currency
    ) then
        perform private.invalid('currency', 'must be a code of the view currencies');
    end if;
    insert into memberships.price_changes (
        business_id, plan_id, currency, price_minor, effective_at, needs_consent, announced_by,
        announced_at
    )
    values (
        v_business_id, announce_price.plan_id, announce_price.currency,
        announce_price.price_minor, announce_price.effective_at, announce_price.needs_consent,
        auth.uid(), private.now()
    )
    returning price_changes.* into v_change;
    perform memberships.tell_members(v_change);
    return v_change.id;
end;
$$;

/*
 * Tell the members of a plan of a new price.
 */
create function memberships.tell_members(change memberships.price_changes)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit_all(
        array_agg('membership.price_changing'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', memberships.id,
                'business_id', memberships.business_id,
                'price_minor', change.price_minor,
                'effective_at', change.effective_at
            )
        ),
        array_agg(null::timestamptz)
    )
    from memberships.memberships
    where
        memberships.business_id = change.business_id
        and memberships.plan_id = change.plan_id
        and memberships.currency = change.currency
        and memberships.closed_at is null
        and memberships.renews
    having count(*) > 0;
end;
$$;

/*
 * Accept a new price, as the member.
 * Definer: nobody has a write grant on consents; the caller is the member.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function memberships.accept_price(price_change_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_user_id uuid = private.current_user_id();
    v_membership_id uuid;
begin
    insert into memberships.price_consents (business_id, price_change_id, membership_id, at)
    select memberships.business_id, price_changes.id, memberships.id, private.now()
    from memberships.price_changes
    inner join memberships.memberships
        on
            memberships.business_id = price_changes.business_id
            and memberships.plan_id = price_changes.plan_id
            and memberships.currency = price_changes.currency
    where
        price_changes.id = accept_price.price_change_id
        and memberships.user_id = v_user_id
        and memberships.closed_at is null
    on conflict on constraint price_consents_pkey do update
        set at = price_consents.at
    returning price_consents.membership_id into v_membership_id;
    if v_membership_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'You have no membership with such a new price.',
            'Check the id in the view membership_price_changes.'
        );
    end if;
    return v_membership_id;
end;
$$;

-- sql/55_memberships/functions/referrals.sql

-- Who referred whom. A customer has a code; whoever is new names it once, and after their first
-- completed sale each side is rewarded, once. A reward is taken back with that sale, and no other
-- sale earns it again.

/*
 * Return who referred a customer, as a list of none or one.
 */
create function loyalty.referrers_of(business_id uuid, customer_id uuid)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select referrals.referrer_id
        from loyalty.referrals
        where
            referrals.business_id = referrers_of.business_id
            and referrals.referred_id = referrers_of.customer_id
    );
end;
$$;

/*
 * Reward the referral of whoever bought, if this is their first completed sale, or take the reward
 * back if nothing of that sale stands. Both accounts are locked.
 */
create function loyalty.reward_referral(entry loyalty.entries, stands boolean)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_referral loyalty.referrals;
begin
    update loyalty.referrals
    set sale_id = entry.sale_id, rewarded_at = private.now()
    where
        referrals.business_id = entry.business_id
        and referrals.referred_id = entry.customer_id
        and referrals.rewarded_at is null
        and reward_referral.stands;
    select referrals.* into v_referral
    from loyalty.referrals
    where
        referrals.business_id = entry.business_id
        and referrals.referred_id = entry.customer_id
        and referrals.sale_id = entry.sale_id;
    if v_referral.id is null then
        return;
    end if;
    perform loyalty.settle_lot(
        loyalty.make_entry(entry.business_id, side.customer_id, 'referral', entry.sale_id),
        'referral',
        case when reward_referral.stands then side.points else 0 end
    )
    from (
        values
        (v_referral.referrer_id, v_referral.referrer_points),
        (v_referral.referred_id, v_referral.referred_points)
    ) as side (customer_id, points);
end;
$$;

/*
 * Return the code by which the caller refers others to a business. The first call draws it, and
 * makes the caller a customer there.
 * Definer: nobody has a write grant on codes and customers; the code is the caller's.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function loyalty.referral_code(business_id uuid)
returns text
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = loyalty.caller_as_customer(referral_code.business_id);
begin
    -- A code that somebody else of the business has is drawn again.
    while not exists (
        select 1
        from loyalty.referral_codes
        where
            referral_codes.business_id = referral_code.business_id
            and referral_codes.customer_id = v_customer_id
    ) loop
        insert into loyalty.referral_codes (business_id, customer_id, code, created_at)
        values (
            referral_code.business_id, v_customer_id, scheduling.new_reference(), private.now()
        )
        on conflict do nothing;
    end loop;
    return (
        select referral_codes.code
        from loyalty.referral_codes
        where
            referral_codes.business_id = referral_code.business_id
            and referral_codes.customer_id = v_customer_id
    );
end;
$$;

/*
 * Return the caller as a customer of a business that is open and has a program.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function loyalty.caller_as_customer(business_id uuid)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_profile identity.profiles = scheduling.caller_profile();
begin
    if not business.is_open(caller_as_customer.business_id) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such business.',
            'Check the id in the view businesses.'
        );
    end if;
    perform loyalty.require_program(caller_as_customer.business_id);
    perform customers.note_customer(
        caller_as_customer.business_id, v_profile.id, v_profile.full_name, v_profile.email,
        v_profile.phone, null
    );
    return customers.customer_of(caller_as_customer.business_id, v_profile.id, null);
end;
$$;

/*
 * Note that the caller was referred to a business by somebody else's code. Returns the referral;
 * the same code again returns the same one.
 * Definer: as loyalty.referral_code.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found · PT409 not_referrable
 */
create function loyalty.accept_referral(business_id uuid, code text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_customer_id uuid = loyalty.caller_as_customer(accept_referral.business_id);
    v_referrer_id uuid = loyalty.customer_by_code(accept_referral.business_id, accept_referral.code);
    v_id uuid;
begin
    perform loyalty.refuse_referral(accept_referral.business_id, v_customer_id, v_referrer_id);
    insert into loyalty.referrals (
        business_id, referrer_id, referred_id, referrer_points, referred_points, created_at
    )
    select
        programs.business_id, v_referrer_id, v_customer_id, programs.referrer_points,
        programs.referred_points, private.now()
    from loyalty.programs
    where programs.business_id = accept_referral.business_id
    on conflict do nothing;
    select referrals.id into v_id
    from loyalty.referrals
    where
        referrals.business_id = accept_referral.business_id
        and referrals.referred_id = v_customer_id
        and referrals.referrer_id = v_referrer_id;
    if v_id is null then
        perform loyalty.refuse_as_not_referrable('Somebody else referred you already.');
    end if;
    return v_id;
end;
$$;

/*
 * Return whose code it is, in any case of letters.
 *
 * Errors:  PT404 not_found
 */
create function loyalty.customer_by_code(business_id uuid, code text)
returns uuid
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = (
        select referral_codes.customer_id
        from loyalty.referral_codes
        where
            referral_codes.business_id = customer_by_code.business_id
            and referral_codes.code = upper(btrim(customer_by_code.code))
    );
begin
    if v_customer_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such referral code.',
            'Check the code with whoever referred you.'
        );
    end if;
    return v_customer_id;
end;
$$;

/*
 * Refuse a referral of oneself, by account or by contact, of somebody who referred the other one,
 * or of somebody who bought there before.
 *
 * Errors:  PT409 not_referrable
 */
create function loyalty.refuse_referral(business_id uuid, customer_id uuid, referrer_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if exists (
        select 1
        from customers.customers as referred
        inner join customers.customers as referrer
            on
                referrer.business_id = referred.business_id
                and referrer.id = refuse_referral.referrer_id
        where
            referred.business_id = refuse_referral.business_id
            and referred.id = refuse_referral.customer_id
            and (
                referred.id = referrer.id
                or lower(referred.email) = lower(referrer.email)
                or referred.phone = referrer.phone
            )
    ) then
        perform loyalty.refuse_as_not_referrable('Nobody refers themselves.');
    elsif refuse_referral.customer_id = any(
        loyalty.referrers_of(refuse_referral.business_id, refuse_referral.referrer_id)
    ) then
        perform loyalty.refuse_as_not_referrable('You referred this customer.');
    elsif exists (
        select 1
        from customers.customers
        inner join sales.sales
            on
                sales.business_id = customers.business_id
                and sales.customer_id = customers.user_id
        inner join sales.sale_line_deliveries
            on
                sale_line_deliveries.business_id = sales.business_id
                and sale_line_deliveries.sale_id = sales.id
        where
            customers.business_id = refuse_referral.business_id
            and customers.id = refuse_referral.customer_id
    ) and not refuse_referral.referrer_id = any(
        loyalty.referrers_of(refuse_referral.business_id, refuse_referral.customer_id)
    ) then
        perform loyalty.refuse_as_not_referrable('You are a customer of this business already.');
    end if;
end;
$$;

/*
 * Refuse a referral for a reason.
 *
 * Errors:  PT409 not_referrable
 */
create function loyalty.refuse_as_not_referrable(message text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'not_referrable', refuse_as_not_referrable.message,
        'Leave the referral code out.'
    );
end;
$$;

-- sql/55_memberships/functions/renewing.sql

-- How memberships renew. A run takes the memberships whose next period has begun, writes each
-- period once with its invoice, and queues the charges of saved cards. Nothing is charged twice,
-- however many runs there are: a membership is due only while its latest period is paid, and a
-- period and an attempt exist once. Nothing is charged late: whoever was not renewed before the
-- grace ended is not a member any more.

/*
 * Lock the memberships that are due, and return them. Several runs at once skip each other's.
 */
create function memberships.due_memberships(batch_size integer)
returns memberships.memberships[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select memberships
        from memberships.memberships
        where
            memberships.closed_at is null
            and memberships.renews_at <= private.now()
            and memberships.due_until > private.now()
            and memberships.ends_at is null
        order by memberships.renews_at
        limit due_memberships.batch_size
        for update skip locked
    );
end;
$$;

/*
 * Return the periods that follow, on the plan and at the price that each membership has by then:
 * of the plan that it changes to, or a new price that was announced and, if it needs consent,
 * accepted.
 */
create function memberships.renewals_of(due memberships.memberships[])
returns memberships.renewal[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            memberships.make_renewal(
                members, plans, coalesce(next_prices.price_minor, changed.price_minor)
            )
        from unnest(due) as members
        inner join memberships.membership_plans as plans
            on
                plans.business_id = members.business_id
                and plans.id = coalesce(members.next_plan_id, members.plan_id)
        left join memberships.plan_prices as next_prices
            on
                next_prices.business_id = members.business_id
                and next_prices.plan_id = members.next_plan_id
                and next_prices.currency = members.currency
        left join lateral (
            select price_changes.price_minor
            from memberships.price_changes
            where
                price_changes.business_id = members.business_id
                and price_changes.plan_id = members.plan_id
                and price_changes.currency = members.currency
                and memberships.is_price_agreed(members, price_changes, members.renews_at)
            order by price_changes.effective_at desc, price_changes.announced_at desc
            limit 1
        ) as changed on true
        order by members.business_id, members.id
    );
end;
$$;

/*
 * Does a new price apply to a membership at an instant? It was announced after they joined, is in
 * effect, and is lower, needs no consent, or was accepted.
 */
create function memberships.is_price_agreed(
    membership memberships.memberships, change memberships.price_changes, at timestamptz
)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return change.effective_at <= is_price_agreed.at
        and change.announced_at >= membership.joined_at
        and (
            not change.needs_consent
            or change.price_minor <= membership.price_minor
            or exists (
                select 1
                from memberships.price_consents
                where
                    price_consents.business_id = change.business_id
                    and price_consents.price_change_id = change.id
                    and price_consents.membership_id = membership.id
            )
        );
end;
$$;

/*
 * Make the period that follows of a membership. A plan with periods of another length is counted
 * from its own beginning.
 */
create function memberships.make_renewal(
    membership memberships.memberships, plan memberships.membership_plans, price_minor bigint
)
returns memberships.renewal
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_renewal memberships.renewal;
    v_membership memberships.memberships = memberships.on_plan(membership, plan);
begin
    v_renewal.membership_id = membership.id;
    v_renewal.business_id = membership.business_id;
    v_renewal.user_id = membership.user_id;
    v_renewal.plan_id = plan.id;
    v_renewal.plan_name = plan.name;
    v_renewal.currency = membership.currency;
    v_renewal.price_minor = coalesce(make_renewal.price_minor, membership.price_minor);
    v_renewal.number = membership.number + 1;
    v_renewal.starts_at = membership.renews_at;
    v_renewal.ends_at = memberships.start_of(v_membership, membership.number + 2);
    v_renewal.period_unit = v_membership.period_unit;
    v_renewal.period_count = v_membership.period_count;
    v_renewal.method_id = membership.method_id;
    v_renewal.sale_id = gen_random_uuid();
    v_renewal.period_id = gen_random_uuid();
    return v_renewal;
end;
$$;

/*
 * Return a membership as it is after it changed to a plan at its next renewal.
 */
create function memberships.on_plan(
    membership memberships.memberships, plan memberships.membership_plans
)
returns memberships.memberships
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships = membership;
begin
    if membership.plan_id <> plan.id
        and (membership.period_unit, membership.period_count)
        is distinct from (plan.period_unit, plan.period_count) then
        v_membership.period_unit = plan.period_unit;
        v_membership.period_count = plan.period_count;
        v_membership.anchor_at = membership.renews_at;
        v_membership.anchor_number = membership.number + 1;
    end if;
    v_membership.plan_id = plan.id;
    return v_membership;
end;
$$;

/*
 * Renew the memberships that are due: write their periods with an invoice each, and charge those of
 * saved cards. What costs nothing continues at once. Returns how many were renewed.
 */
create function memberships.renew_due(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_renewals memberships.renewal[] = memberships.renewals_of(
        memberships.due_memberships(renew_due.batch_size)
    );
begin
    if v_renewals = '{}' then
        return 0;
    end if;
    perform memberships.write_renewals(v_renewals);
    perform private.emit_all(
        array_agg('membership.invoiced'::text),
        array_agg(
            jsonb_build_object(
                'membership_id', renewal.membership_id, 'business_id', renewal.business_id
            )
        ),
        array_agg(null::timestamptz)
    )
    from unnest(v_renewals) as renewal
    where renewal.method_id is null and renewal.price_minor > 0
    having count(*) > 0;
    return cardinality(v_renewals);
end;
$$;

/*
 * Write some renewals: their invoices and periods, and the charges of those with a saved card.
 */
create function memberships.write_renewals(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_periods memberships.membership_periods[];
begin
    perform memberships.invoice(renewals);
    v_periods = memberships.begin_periods(renewals);
    perform memberships.settle_period(period.business_id, period.id)
    from unnest(v_periods) as period
    where period.price_minor = 0;
    perform memberships.charge(
        array(
            select period
            from unnest(v_periods) as period
            inner join unnest(renewals) as renewal on renewal.period_id = period.id
            where period.price_minor > 0 and renewal.method_id is not null
        )
    );
end;
$$;

-- sql/55_memberships/functions/renewing_invoices.sql

-- How renewals are written: the invoices of many members by few quotes, and their periods.

/*
 * Write the invoices of some renewals: a quote for each plan and price, and a sale for each member.
 */
create function memberships.invoice(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform sales.place_alike(
        alike.business_id,
        alike.sale_ids,
        alike.user_ids,
        memberships.renewal_quote(alike.first_one)
    )
    from (
        select
            renewal.business_id,
            array_agg(renewal.sale_id) as sale_ids,
            array_agg(renewal.user_id) as user_ids,
            (array_agg(renewal))[1] as first_one
        from unnest(memberships.with_taxation(renewals)) as renewal
        group by
            renewal.business_id, renewal.plan_id, renewal.plan_name, renewal.currency,
            renewal.price_minor, renewal.is_reverse_charged
    ) as alike;
end;
$$;

/*
 * Return some renewals with whether their buyers owe the tax themselves.
 */
create function memberships.with_taxation(renewals memberships.renewal[])
returns memberships.renewal[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_renewals memberships.renewal[] = renewals;
    v_place integer;
begin
    for v_place in
        select places.place
        from unnest(renewals) with ordinality as places (
            membership_id, business_id, user_id, plan_id, plan_name, currency, price_minor,
            number, starts_at, ends_at, period_unit, period_count, method_id, sale_id, period_id,
            is_reverse_charged, place
        )
        inner join customers.customers
            on
                customers.business_id = places.business_id
                and customers.user_id = places.user_id
        inner join pricing.tax_numbers
            on
                tax_numbers.business_id = customers.business_id
                and tax_numbers.customer_id = coalesce(customers.merged_into_id, customers.id)
    loop
        v_renewals[v_place].is_reverse_charged = pricing.is_reverse_charged(
            pricing.tax_basis(v_renewals[v_place].business_id), v_renewals[v_place].user_id, null
        );
    end loop;
    return v_renewals;
end;
$$;

/*
 * Price the period of a renewal: what was agreed, without promotions, and its tax.
 */
create function memberships.renewal_quote(renewal memberships.renewal)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return pricing.add_taxes(
        pricing.list_lines(
            array[pricing.make_line(
                'membership', renewal.plan_name, 1, renewal.price_minor, renewal.currency,
                jsonb_build_object('plan_id', renewal.plan_id), item_id => renewal.plan_id
            )],
            '{}'
        ),
        pricing.for_buyer(pricing.make_terms(), renewal.business_id, renewal.user_id)
    );
end;
$$;

/*
 * Write the periods of some renewals, and move their memberships on to them. Returns the periods.
 */
create function memberships.begin_periods(renewals memberships.renewal[])
returns memberships.membership_periods[]
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_periods memberships.membership_periods[];
begin
    with begun as (
        insert into memberships.membership_periods (
            id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor,
            sale_id, period_unit, period_count
        )
        select
            renewal.period_id, renewal.business_id, renewal.membership_id, renewal.number,
            renewal.plan_id, renewal.starts_at, renewal.ends_at, renewal.price_minor,
            renewal.sale_id, renewal.period_unit, renewal.period_count
        from unnest(renewals) as renewal
        returning membership_periods.*
    )

    select array_agg(begun::memberships.membership_periods) into v_periods
    from begun;
    perform memberships.move_to_periods(renewals);
    return v_periods;
end;
$$;

/*
 * Move memberships on to the periods of their renewals: until they are paid, none follows.
 */
create function memberships.move_to_periods(renewals memberships.renewal[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    update memberships.memberships
    set
        number = renewal.number,
        plan_id = renewal.plan_id,
        price_minor = renewal.price_minor,
        anchor_at = case
            when (memberships.period_unit, memberships.period_count)
                = (renewal.period_unit, renewal.period_count) then memberships.anchor_at
            else renewal.starts_at
        end,
        anchor_number = case
            when (memberships.period_unit, memberships.period_count)
                = (renewal.period_unit, renewal.period_count) then memberships.anchor_number
            else renewal.number
        end,
        period_unit = renewal.period_unit,
        period_count = renewal.period_count,
        renews_at = null,
        next_plan_id = null
    from unnest(renewals) as renewal
    where
        memberships.business_id = renewal.business_id
        and memberships.id = renewal.membership_id;
end;
$$;

-- sql/55_memberships/functions/running.sql

-- What a run does: everything that is due, in sets.

/*
 * Tell members of renewals ahead, once each, as many days before as their plan says. Returns how
 * many were told.
 */
create function memberships.remind(batch_size integer)
returns integer
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count integer;
begin
    with due as (
        select
            memberships.business_id,
            memberships.id
        from memberships.memberships
        inner join memberships.membership_plans
            on
                membership_plans.business_id = memberships.business_id
                and membership_plans.id = memberships.plan_id
        where
            memberships.closed_at is null
            and memberships.renews_at > private.now()
            and memberships.renews_at <= private.now() + interval '60 days'
            and memberships.renews_at
            <= private.now() + make_interval(days => membership_plans.reminder_days)
            and membership_plans.reminder_days > 0
            and memberships.reminded_for is distinct from memberships.renews_at
        limit remind.batch_size
        for update of memberships skip locked
    ),

    told as (
        update memberships.memberships
        set reminded_for = memberships.renews_at
        from due
        where memberships.business_id = due.business_id and memberships.id = due.id
        returning memberships.business_id, memberships.id
    ),

    emitted as (
        select private.emit_all(
            array_agg('membership.renewing'::text),
            array_agg(
                jsonb_build_object('membership_id', told.id, 'business_id', told.business_id)
            ),
            array_agg(null::timestamptz)
        )
        from told
        having count(*) > 0
    )

    select count(*) into v_count from told left join emitted on true;
    return v_count;
end;
$$;

/*
 * Do what is due, at most so much of each kind: renew, charge, remind, record ends, and take back
 * invoices. Returns how much was done; 0: nothing is due.
 * Definer: called by the workers, who have no access to the tables.
 */
create function memberships.run_due(batch_size integer)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    return memberships.renew_due(batch_size)
        + memberships.charge_due(batch_size)
        + memberships.remind(batch_size)
        + memberships.close_ended(batch_size)
        + memberships.void_unpaid(batch_size);
end;
$$;

-- sql/55_memberships/functions/selling.sql

-- How somebody joins. A membership and its first period are written with the sale that charges
-- them, in one transaction. Benefits begin when that is paid, or at once where nothing is owed.
-- memberships.sell is what every seller calls; memberships.sell_quoted is for a checkout, which has
-- priced the plan with what else is in the cart.

/*
 * Return a plan that somebody may join now.
 *
 * Errors:  PT404 not_found
 */
create function memberships.open_plan(plan_id uuid)
returns memberships.membership_plans
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans;
begin
    select membership_plans.* into v_plan
    from memberships.membership_plans
    where
        membership_plans.id = open_plan.plan_id
        and membership_plans.is_active
        and business.is_open(membership_plans.business_id);
    if v_plan.id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such plan to join.',
            'Check the id in the view membership_plans.'
        );
    end if;
    return v_plan;
end;
$$;

/*
 * Return what a plan costs in a currency, by default that of its business.
 *
 * Errors:  PT400 invalid_input
 */
create function memberships.price_of(plan memberships.membership_plans, currency text)
returns memberships.plan_prices
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_price memberships.plan_prices;
begin
    select plan_prices.* into v_price
    from memberships.plan_prices
    where
        plan_prices.business_id = plan.business_id
        and plan_prices.plan_id = plan.id
        and plan_prices.currency = coalesce(
            price_of.currency,
            (
                select businesses.currency
                from business.businesses
                where businesses.id = plan.business_id
            )
        );
    if v_price.plan_id is null then
        perform private.invalid('currency', 'must be one in which the plan has a price');
    end if;
    return v_price;
end;
$$;

/*
 * Make the row of a membership that begins now and is not paid yet.
 */
create function memberships.make_membership(
    plan memberships.membership_plans,
    price memberships.plan_prices,
    user_id uuid,
    customer_id uuid,
    has_trial boolean
)
returns memberships.memberships
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
    v_now timestamptz = date_trunc('second', private.now());
begin
    v_membership.id = gen_random_uuid();
    v_membership.business_id = plan.business_id;
    v_membership.customer_id = make_membership.customer_id;
    v_membership.user_id = make_membership.user_id;
    v_membership.plan_id = plan.id;
    v_membership.currency = price.currency;
    v_membership.price_minor = price.price_minor;
    v_membership.renews = plan.renews;
    v_membership.period_unit = plan.period_unit;
    v_membership.period_count = plan.period_count;
    v_membership.grace_days = case when plan.renews then plan.grace_days else 0 end;
    v_membership.time_zone = business.time_zone(plan.business_id);
    v_membership.number = case when has_trial then 0 else 1 end;
    v_membership.anchor_number = 1;
    v_membership.anchor_at = v_now;
    if has_trial then
        v_membership.anchor_at = memberships.period_start(
            v_now, v_membership.time_zone, 'day', plan.trial_days, 1
        );
        v_membership.trial_ends_at = v_membership.anchor_at;
    end if;
    v_membership.joined_at = v_now;
    v_membership.paid_until = v_now;
    -- Whoever has not paid a day later did not join.
    v_membership.due_until = v_now + interval '24 hours';
    v_membership.updated_at = v_now;
    return v_membership;
end;
$$;

/*
 * Return the membership that somebody with an account may begin now, with their customer locked.
 *
 * Errors:  PT409 already_member
 */
create function memberships.prepare_membership(
    plan memberships.membership_plans,
    price memberships.plan_prices,
    buyer identity.profiles,
    method_id uuid
)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid = memberships.customer_for(plan.business_id, buyer);
    v_membership memberships.memberships;
begin
    perform private.lock(array[v_customer_id]);
    if plan.renews then
        perform memberships.refuse_second(plan.business_id, v_customer_id);
    end if;
    v_membership = memberships.make_membership(
        plan, price, buyer.id, v_customer_id, memberships.has_trial(plan, buyer.id)
    );
    v_membership.method_id = prepare_membership.method_id;
    return v_membership;
end;
$$;

/*
 * Sell a plan to somebody with an account. Returns the membership's id. With a saved card it is
 * charged at once; otherwise its sale is paid like any other.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 already_member coupon_exhausted insufficient_points price_changed
 *          PT422 coupon_invalid method_expired
 */
create function memberships.sell(
    plan_id uuid, buyer identity.profiles, terms pricing.context, method_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans = memberships.open_plan(sell.plan_id);
    v_price memberships.plan_prices = memberships.price_of(v_plan, terms.currency);
    v_membership memberships.memberships;
begin
    if sell.method_id is not null then
        perform memberships.require_method(sell.method_id, buyer.id);
    end if;
    v_membership = memberships.prepare_membership(v_plan, v_price, buyer, sell.method_id);
    return memberships.begin_membership(
        v_membership,
        buyer,
        memberships.quote(
            v_plan, v_price, v_membership.number = 0,
            pricing.for_buyer(terms, v_plan.business_id, buyer.id, buyer.email)
        )
    );
end;
$$;

/*
 * Sell a plan at the price of a quote, as a part of a basket, whose payment pays it. A saved card
 * pays the renewals. Returns the membership's id.
 *
 * Errors:  PT400 invalid_input · PT404 not_found
 *          PT409 already_member coupon_exhausted price_changed
 *          PT422 coupon_invalid method_expired
 */
create function memberships.sell_quoted(
    plan_id uuid, buyer identity.profiles, quote jsonb, basket_id uuid, method_id uuid
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_plan memberships.membership_plans = memberships.open_plan(sell_quoted.plan_id);
    v_membership memberships.memberships;
begin
    if sell_quoted.method_id is not null then
        perform memberships.require_method(sell_quoted.method_id, buyer.id);
    end if;
    v_membership = memberships.prepare_membership(
        v_plan, memberships.price_of(v_plan, sell_quoted.quote ->> 'currency'), buyer,
        sell_quoted.method_id
    );
    if (v_membership.number = 0) <> (sell_quoted.quote #> '{lines,0}' ? 'trial_days') then
        perform pricing.refuse_changed_price();
    end if;
    return memberships.begin_membership(
        v_membership, buyer, sell_quoted.quote, sell_quoted.basket_id
    );
end;
$$;

-- sql/55_memberships/functions/selling_first.sql

-- What joining checks, and the first period that it writes.

/*
 * Return the customer of a business who an account is, noted if the business did not know them.
 */
create function memberships.customer_for(business_id uuid, buyer identity.profiles)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform customers.note_customer(
        customer_for.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone, null
    );
    return customers.customer_of(customer_for.business_id, buyer.id, null);
end;
$$;

/*
 * Refuse a second live membership of a customer. One that is over is closed first.
 *
 * Errors:  PT409 already_member
 */
create function memberships.refuse_second(business_id uuid, customer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_live memberships.memberships;
begin
    select memberships.* into v_live
    from memberships.memberships
    where
        memberships.business_id = refuse_second.business_id
        and memberships.customer_id = refuse_second.customer_id
        and memberships.renews
        and memberships.closed_at is null
    for update;
    if v_live.id is null then
        return;
    elsif memberships.is_over(v_live, private.now()) then
        perform memberships.close(v_live);
        return;
    end if;
    perform private.refuse(
        'PT409', 'already_member', 'This customer has a membership of the business already.',
        'Change it with change_membership, or cancel it first.'
    );
end;
$$;

/*
 * Did a customer of a business have a trial before?
 */
create function memberships.had_trial(business_id uuid, customer_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from memberships.memberships
        where
            memberships.business_id = had_trial.business_id
            and memberships.customer_id = had_trial.customer_id
            and memberships.trial_ends_at is not null
    );
end;
$$;

/*
 * May a customer try a plan before they pay it? Once at each business.
 */
create function memberships.has_trial(plan memberships.membership_plans, user_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return plan.trial_days > 0
    and not memberships.had_trial(
        plan.business_id,
        customers.customer_of(plan.business_id, has_trial.user_id, null)
    );
end;
$$;

/*
 * Write a membership with its first period. Returns its id.
 */
create function memberships.begin_membership(
    membership memberships.memberships,
    buyer identity.profiles,
    quote jsonb,
    basket_id uuid default null
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into memberships.memberships values (membership.*);
    perform memberships.begin_first_period(
        membership, buyer, begin_membership.quote, begin_membership.basket_id
    );
    perform memberships.emit('membership.started', membership);
    return membership.id;
end;
$$;

/*
 * Write the first period of a membership with its sale. What costs nothing begins at once; what is
 * owed is charged to the saved card, if there is one, unless a basket is paid as a whole.
 */
create function memberships.begin_first_period(
    membership memberships.memberships,
    buyer identity.profiles,
    quote jsonb,
    basket_id uuid
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    v_period.id = gen_random_uuid();
    if begin_first_period.quote is not null then
        v_period.sale_id = sales.place_sale(
            membership.business_id, buyer.id, buyer.full_name, buyer.email, buyer.phone,
            begin_first_period.quote, begin_first_period.basket_id
        );
    end if;
    v_period.price_minor = case
        when membership.number = 0 then 0
        else (quote #>> '{lines,0,amount_minor}')::bigint
            - (quote #>> '{lines,0,discount_minor}')::bigint
    end;
    insert into memberships.membership_periods (
        id, business_id, membership_id, number, plan_id, starts_at, ends_at, price_minor, sale_id,
        next_charge_at, period_unit, period_count
    )
    values (
        v_period.id, membership.business_id, membership.id, membership.number,
        membership.plan_id, membership.joined_at,
        memberships.start_of(membership, membership.number + 1),
        v_period.price_minor, v_period.sale_id,
        case
            when membership.method_id is not null and begin_first_period.basket_id is null
                then private.now()
        end,
        membership.period_unit, membership.period_count
    );
    if coalesce((quote ->> 'total_minor')::bigint, 0) = 0 then
        perform memberships.settle_period(membership.business_id, v_period.id);
    elsif membership.method_id is not null and begin_first_period.basket_id is null then
        perform memberships.charge_periods(array[v_period.id]);
    end if;
end;
$$;

/*
 * Refuse a saved card that is not the member's, was forgotten or has expired.
 *
 * Errors:  PT404 not_found · PT422 method_expired
 */
create function memberships.require_method(method_id uuid, user_id uuid)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    perform money.require_method(
        require_method.method_id,
        require_method.user_id,
        (
            select payment_methods.provider
            from money.payment_methods
            where payment_methods.id = require_method.method_id
        )
    );
end;
$$;

-- sql/55_memberships/functions/selling_quotes.sql

-- What somebody pays who joins a plan. A cart prices these lines with what else is in it.

/*
 * Return the currency in which a plan is sold by default: that of its business.
 */
create function memberships.currency_of(plan_id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select businesses.currency
        from memberships.membership_plans
        inner join business.businesses on businesses.id = membership_plans.business_id
        where membership_plans.id = currency_of.plan_id
    );
end;
$$;

/*
 * Return what somebody pays who joins a plan: the first period, which a trial makes free, and the
 * fee for joining.
 */
create function memberships.first_lines(
    plan memberships.membership_plans, price memberships.plan_prices, has_trial boolean
)
returns pricing.line[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = array[
        pricing.make_line(
            'membership', plan.name, 1, case when has_trial then 0 else price.price_minor end,
            price.currency,
            jsonb_build_object('plan_id', plan.id)
            || case
                when has_trial then jsonb_build_object('trial_days', plan.trial_days) else '{}'
            end,
            item_id => plan.id
        )
    ];
begin
    if price.signup_fee_minor > 0 then
        v_lines = v_lines || pricing.make_line(
            'fee', 'Sign-up fee', 1, price.signup_fee_minor, price.currency, '{}'
        );
    end if;
    return v_lines;
end;
$$;

/*
 * Price the first period of a plan for a buyer: the period unless a trial comes first, and joining.
 * Null where nothing is sold.
 *
 * Errors:  PT409 coupon_exhausted insufficient_points price_changed · PT422 coupon_invalid
 */
create function memberships.quote(
    plan memberships.membership_plans,
    price memberships.plan_prices,
    has_trial boolean,
    context pricing.context
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lines pricing.line[] = memberships.first_lines(plan, price, has_trial);
begin
    if has_trial then
        v_lines = v_lines[2:];
    end if;
    if v_lines = '{}' then
        return null;
    end if;
    return pricing.quote(v_lines, context);
end;
$$;

-- sql/55_memberships/functions/settling.sql

-- What happens when a period is paid, or is free: the membership lasts until its end, its benefits
-- are granted, and the business has earned it. A payment that comes late restores the membership.

/*
 * Lock a membership by its id, and return it.
 */
create function memberships.lock(business_id uuid, membership_id uuid)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    select memberships.* into v_membership
    from memberships.memberships
    where
        memberships.business_id = lock.business_id
        and memberships.id = lock.membership_id
    for update;
    return v_membership;
end;
$$;

/*
 * Note that a period is paid or free, once. The first period of a membership without a trial begins
 * with its payment. Does nothing for an invoice that was taken back.
 */
create function memberships.settle_period(business_id uuid, period_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
    v_period memberships.membership_periods;
begin
    select locked.* into v_membership
    from memberships.membership_periods as periods
    cross join lateral memberships.lock(periods.business_id, periods.membership_id) as locked
    where
        periods.business_id = settle_period.business_id
        and periods.id = settle_period.period_id;
    update memberships.membership_periods as periods
    set paid_at = private.now(), next_charge_at = null
    where
        periods.business_id = settle_period.business_id
        and periods.id = settle_period.period_id
        and periods.paid_at is null
        and periods.voided_at is null
    returning periods.* into v_period;
    if v_period.id is null or not memberships.may_continue(v_membership) then
        return;
    end if;
    if v_membership.granted_plan_id is null and v_period.number = 1 then
        v_membership = memberships.begin_when_paid(v_membership, v_period);
    end if;
    perform memberships.continue(v_membership, v_period);
end;
$$;

/*
 * May a membership go on after a payment? Not if the customer joined again meanwhile, or cancelled
 * it at once: then its invoice is taken back, and money.settle_sale returns the payment.
 */
create function memberships.may_continue(membership memberships.memberships)
returns boolean
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if membership.closed_at is null then
        return true;
    elsif membership.cancelled_at is null and not exists (
        select 1
        from memberships.memberships
        where
            memberships.business_id = membership.business_id
            and memberships.customer_id = membership.customer_id
            and memberships.renews
            and membership.renews
            and memberships.closed_at is null
    ) then
        return true;
    end if;
    perform memberships.void_period(
        membership.business_id, membership.id, membership.number, 'cancelled'
    );
    return false;
end;
$$;

/*
 * Let a membership and its first period begin now, because it is paid now.
 */
create function memberships.begin_when_paid(
    membership memberships.memberships, period memberships.membership_periods
)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships = membership;
begin
    v_membership.anchor_at = date_trunc('second', private.now());
    update memberships.memberships
    set anchor_at = v_membership.anchor_at
    where
        memberships.business_id = v_membership.business_id
        and memberships.id = v_membership.id;
    update memberships.membership_periods as periods
    set
        starts_at = v_membership.anchor_at,
        ends_at = memberships.start_of(v_membership, 2)
    where
        periods.business_id = v_membership.business_id
        and periods.id = period.id;
    return v_membership;
end;
$$;

/*
 * Continue a membership until the end of a paid period. One that had ended unpaid is restored.
 */
create function memberships.continue(
    membership memberships.memberships, period memberships.membership_periods
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
    v_is_first boolean = membership.granted_plan_id is null;
begin
    update memberships.memberships
    set
        paid_until = periods.ends_at,
        due_until = periods.ends_at + make_interval(hours => 24 * memberships.grace_days),
        renews_at = case
            when memberships.renews and memberships.cancelled_at is null then periods.ends_at
        end,
        ends_at = case
            when not memberships.renews or memberships.cancelled_at is not null
                then periods.ends_at
        end,
        granted_plan_id = memberships.plan_id,
        closed_at = null
    from memberships.membership_periods as periods
    where
        memberships.business_id = membership.business_id
        and memberships.id = membership.id
        and periods.business_id = membership.business_id
        and periods.id = period.id
    returning memberships.* into v_membership;
    perform memberships.write_access(v_membership);
    if period.sale_id is not null then
        perform sales.deliver_lines(v_membership.business_id, period.sale_id);
    end if;
    perform memberships.emit(
        case
            when v_is_first then 'membership.joined'
            when membership.closed_at is not null then 'membership.restored'
            else 'membership.renewed'
        end,
        v_membership
    );
end;
$$;

/*
 * Note that money came for a sale: settle its period or gift once nothing of it is owed. A change
 * of the plan that cost something takes effect.
 * Definer: whoever records a payment has no rights on memberships.
 */
create function memberships.note_paid_sale(business_id uuid, sale_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    select periods.* into v_period
    from memberships.membership_periods as periods
    where
        periods.business_id = note_paid_sale.business_id
        and periods.sale_id = note_paid_sale.sale_id;
    if v_period.id is null then
        perform memberships.activate_gift(note_paid_sale.business_id, note_paid_sale.sale_id);
    elsif (
        money.sale_balance(note_paid_sale.business_id, note_paid_sale.sale_id)
    ).balance_minor <= 0 then
        if v_period.paid_at is null then
            perform memberships.settle_period(v_period.business_id, v_period.id);
        else
            perform memberships.grant_plan(v_period.business_id, v_period.membership_id);
        end if;
    end if;
end;
$$;

/*
 * Grant a membership the plan that it has, because nothing of its period is owed.
 */
create function memberships.grant_plan(business_id uuid, membership_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership memberships.memberships;
begin
    update memberships.memberships
    set granted_plan_id = memberships.plan_id
    where
        memberships.business_id = grant_plan.business_id
        and memberships.id = grant_plan.membership_id
        and memberships.closed_at is null
    returning memberships.* into v_membership;
    if v_membership.id is not null then
        perform memberships.write_access(v_membership);
    end if;
end;
$$;

-- sql/55_memberships/functions/settling_voids.sql

-- How invoices are taken back, and what is announced of a membership.

/*
 * Take back the invoice of a period that nobody paid.
 */
create function memberships.void_period(
    business_id uuid, membership_id uuid, number integer, cause sales.revision_cause
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_period memberships.membership_periods;
begin
    update memberships.membership_periods as periods
    set voided_at = private.now(), next_charge_at = null
    where
        periods.business_id = void_period.business_id
        and periods.membership_id = void_period.membership_id
        and periods.number = void_period.number
        and periods.voided_at is null
    returning periods.* into v_period;
    if v_period.sale_id is not null then
        perform sales.revise_sale(
            v_period.business_id, v_period.sale_id, void_period.cause,
            memberships.lines_taken_back(v_period.business_id, v_period.sale_id)
        );
    end if;
end;
$$;

/*
 * Return the lines that take back all that a sale charges.
 */
create function memberships.lines_taken_back(business_id uuid, sale_id uuid)
returns sales.change[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            sales.make_change(
                sale_lines.kind, sale_lines.id, null, sale_lines.name,
                - sale_lines.amount_minor - coalesce(taken.amount_minor, 0),
                - sale_lines.discount_minor - coalesce(taken.discount_minor, 0),
                sale_lines.plan_id
            )
        from sales.sale_lines
        cross join lateral (
            select
                sum(corrections.amount_minor)::bigint as amount_minor,
                sum(corrections.discount_minor)::bigint as discount_minor
            from sales.sale_lines as corrections
            where
                corrections.business_id = sale_lines.business_id
                and corrections.corrects_line_id = sale_lines.id
        ) as taken
        where
            sale_lines.business_id = lines_taken_back.business_id
            and sale_lines.sale_id = lines_taken_back.sale_id
            and sale_lines.corrects_line_id is null
            and sale_lines.amount_minor + coalesce(taken.amount_minor, 0) > 0
        order by sale_lines.position
    );
end;
$$;

/*
 * Announce something about a membership.
 */
create function memberships.emit(
    topic text, membership memberships.memberships, details jsonb default '{}'
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.emit(
        emit.topic,
        emit.details || jsonb_build_object(
            'membership_id', membership.id,
            'business_id', membership.business_id
        )
    );
end;
$$;

-- sql/55_memberships/functions/status.sql

-- What a membership is at an instant. The row alone says so, whether workers run or not.

/*
 * Does a pause include an instant? A pause without an end lasts until somebody resumes it.
 */
create function memberships.is_within_pause(
    paused_at timestamptz, resumes_at timestamptz, at timestamptz
)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select coalesce(paused_at <= at and coalesce(resumes_at > at, true), false);
end;

/*
 * Is a membership paused at an instant?
 */
create function memberships.is_paused(membership memberships.memberships, at timestamptz)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select memberships.is_within_pause((membership).paused_at, (membership).resumes_at, at);
end;

/*
 * Return the status at an instant of a membership of which these columns are known. Analysts read
 * no others.
 */
create function memberships.status_of(
    granted_plan_id uuid,
    trial_ends_at timestamptz,
    paid_until timestamptz,
    due_until timestamptz,
    ends_at timestamptz,
    cancelled_at timestamptz,
    paused_at timestamptz,
    resumes_at timestamptz,
    at timestamptz
)
returns memberships.membership_status
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select (
        case
            when ends_at <= at
                then case when cancelled_at is null then 'expired' else 'cancelled' end
            when memberships.is_within_pause(paused_at, resumes_at, at) then 'paused'
            when granted_plan_id is null
                then case when due_until > at then 'past_due' else 'expired' end
            when trial_ends_at > at then 'trialing'
            when paid_until > at then 'active'
            when due_until > at then 'past_due'
            else 'expired'
        end
    )::memberships.membership_status;
end;

/*
 * Return the status of a membership at an instant.
 */
create function memberships.status_at(membership memberships.memberships, at timestamptz)
returns memberships.membership_status
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select memberships.status_of(
        (membership).granted_plan_id,
        (membership).trial_ends_at,
        (membership).paid_until,
        (membership).due_until,
        (membership).ends_at,
        (membership).cancelled_at,
        (membership).paused_at,
        (membership).resumes_at,
        at
    );
end;

/*
 * Is a membership over at an instant: ended, or unpaid for too long?
 */
create function memberships.is_over(membership memberships.memberships, at timestamptz)
returns boolean
language sql
immutable
security invoker
set search_path = ''
begin atomic
    select memberships.status_at(membership, at) in ('cancelled', 'expired');
end;

/*
 * Is the caller a member: of a plan, or of any plan of a business? Entitlements and time alone say
 * so.
 * Definer: nobody reads entitlements.
 */
create function memberships.is_member(plan_id uuid, business_id uuid, at timestamptz)
returns boolean
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    if is_member.plan_id is not null then
        return exists (
            select 1
            from memberships.membership_plans
            inner join customers.customers
                on customers.business_id = membership_plans.business_id
            inner join customers.entitlements
                on
                    entitlements.business_id = customers.business_id
                    and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
            where
                membership_plans.id = is_member.plan_id
                and customers.user_id = auth.uid()
                and entitlements.access = membership_plans.access
                and entitlements.during @> is_member.at
        );
    end if;
    return exists (
        select 1
        from customers.customers
        inner join customers.entitlements
            on
                entitlements.business_id = customers.business_id
                and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
        where
            customers.business_id = is_member.business_id
            and customers.user_id = auth.uid()
            and entitlements.source_id is not null
            and entitlements.during @> is_member.at
    );
end;
$$;

-- sql/55_memberships/rules/bookings.sql

-- Visits and credits come back when a booking that they paid for is not provided: always when the
-- business cancels or rejects it, and in time, by the booking's own policy, when the customer does.
-- Whoever does not come, or cancels too late, has used them.

/*
 * Could the customer of a booking cancel it now free of charge, by its policy? A share of what a
 * visit paid counts, although it is a share of nothing.
 */
create function memberships.is_free_to_cancel(booking scheduling.bookings)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms jsonb = scheduling.cancellation_terms(booking, private.now());
begin
    return private.now() < booking.starts_at
        and coalesce((v_terms ->> 'fee_bps')::integer, 0) = 0
        and coalesce((v_terms ->> 'fee_minor')::bigint, 0) = 0;
end;
$$;

/*
 * Give back the visits of a booking that ends without being provided.
 * Definer: whoever cancels has no rights on allowances.
 */
create function memberships.bookings__return_visits()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if new.status <> 'cancelled'
        or (scheduling.actors(old))[1] is distinct from 'customer'
        or memberships.is_free_to_cancel(old) then
        perform sales.return_allowances(new.business_id, new.sale_id);
    end if;
    return null;
end;
$$;

create trigger _300_return_visits
after update of status on scheduling.bookings
for each row
when (
    new.sale_id is not null
    and old.status is distinct from new.status
    and new.status in ('cancelled', 'rejected', 'expired')
)
execute function memberships.bookings__return_visits();

/*
 * Give back the visits of a service that is cancelled while others of its booking remain.
 * Definer: as memberships.bookings__return_visits.
 */
create function memberships.booking_items__return_visits()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_booking scheduling.bookings;
begin
    select bookings.* into strict v_booking
    from scheduling.bookings
    where bookings.id = new.booking_id;
    if (scheduling.actors(v_booking))[1] is distinct from 'customer'
        or memberships.is_free_to_cancel(v_booking) then
        perform sales.return_allowances(
            v_booking.business_id, v_booking.sale_id, array[new.sale_line_id]
        );
    end if;
    return null;
end;
$$;

create trigger _300_return_visits
after update of cancelled_at on scheduling.booking_items
for each row
when (old.cancelled_at is null and new.cancelled_at is not null and new.sale_line_id is not null)
execute function memberships.booking_items__return_visits();

-- sql/55_memberships/rules/loyalty.sql

-- Points follow sales, in the transaction that changes them.

/*
 * Settle the points of sales of which something was provided.
 * Definer: whoever completes a booking or hands goods over has no rights on points.
 */
create function loyalty.sale_line_deliveries__settle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform loyalty.settle_sale(delivered.business_id, delivered.sale_id)
    from (
        select distinct new_rows.business_id, new_rows.sale_id
        from new_rows
        order by new_rows.business_id, new_rows.sale_id
    ) as delivered;
    return null;
end;
$$;

create trigger _430_settle_points
after insert on sales.sale_line_deliveries
referencing new table as new_rows
for each statement
execute function loyalty.sale_line_deliveries__settle();

/*
 * Settle the points of a sale whose lines were corrected.
 * Definer: as loyalty.sale_line_deliveries__settle.
 */
create function loyalty.sale_lines__settle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform loyalty.settle_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _430_settle_points
after insert on sales.sale_lines
for each row
when (new.revision > 0)
execute function loyalty.sale_lines__settle();

/*
 * Settle the points of a sale that a gift card or credit pays, or is given back to.
 * Definer: as loyalty.sale_line_deliveries__settle.
 */
create function loyalty.payment_parts__settle()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform loyalty.settle_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _430_settle_points
after update of captured_minor, refunding_minor, refunded_minor on money.payment_parts
for each row
when (new.provider in ('gift_card', 'credit'))
execute function loyalty.payment_parts__settle();

-- sql/55_memberships/rules/notifications.sql

-- Whoever keeps something about a membership, a gift or points hears when they are deleted.

create trigger _600_announce_deletion
after delete on memberships.memberships
for each row execute function private.any__announce_deletion('membership');

create trigger _600_announce_deletion
after delete on memberships.gifts
for each row execute function private.any__announce_deletion('gift');

create trigger _600_announce_deletion
after delete on loyalty.lots
for each row execute function private.any__announce_deletion('points');

-- sql/55_memberships/rules/payments.sql

-- A membership follows the payments of its sales, in the transaction that records them.

/*
 * Settle the period, or the gift, of a sale of which everything is paid now.
 */
create function memberships.payment_parts__settle()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform memberships.note_paid_sale(new.business_id, new.sale_id);
    return null;
end;
$$;

create trigger _420_settle_memberships
after update of captured_minor on money.payment_parts
for each row
when (new.captured_minor > old.captured_minor)
execute function memberships.payment_parts__settle();

/*
 * Note that a charge of a saved card failed. One that the bank wants its owner to approve did not
 * succeed either: they are told, and can pay it.
 */
create function memberships.payments__note_failure()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform memberships.note_failure(new);
    return null;
end;
$$;

create trigger _420_note_failure
after update of status on money.payments
for each row
when (
    new.is_off_session
    and old.status is distinct from new.status
    and new.status in ('failed', 'cancelled', 'expired', 'requires_action')
)
execute function memberships.payments__note_failure();

-- sql/55_memberships/rules/plans.sql

-- What holds for plans, whoever writes them.

create trigger _010_refuse_bad_input
before insert or update on memberships.membership_plans
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on memberships.plan_prices
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on memberships.plan_services
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on memberships.membership_plans
for each row execute function private.any__touch();

create trigger _900_touch
before update on memberships.memberships
for each row execute function private.any__touch();

-- sql/55_memberships/policies/loyalty.sql

-- Whoever reads the points of a customer reads what earned them. A customer reads their own
-- referrals on either side. Nobody writes any of it: sales and the functions of referrals do.

alter table loyalty.earnings enable row level security;
alter table loyalty.referral_codes enable row level security;
alter table loyalty.referrals enable row level security;

-- Codes are read by referral_code, each by its owner.
grant select on loyalty.earnings, loyalty.referrals to authenticated;
grant select, insert, update, delete
on loyalty.earnings, loyalty.referral_codes, loyalty.referrals
to service_role;

create policy earnings_select
on loyalty.earnings
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

create policy referrals_select
on loyalty.referrals
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or referrer_id = any(array(select customers.mine()))
    or referred_id = any(array(select customers.mine()))
);

grant execute on function
loyalty.adjust(uuid, uuid, integer, text),
loyalty.referral_code(uuid),
loyalty.accept_referral(uuid, text)
to anon, authenticated, service_role;

grant usage on schema loyalty to worker;
grant execute on function loyalty.tell_of_expiring(integer) to worker;

-- sql/55_memberships/policies/members.sql

-- Members read their own memberships, and a business those of its members. Nobody writes them: the
-- functions do, so that nobody chooses their price, their status or the end of a period.

alter table memberships.memberships enable row level security;
alter table memberships.membership_periods enable row level security;
alter table memberships.charge_attempts enable row level security;
alter table memberships.price_consents enable row level security;
alter table memberships.gifts enable row level security;

grant select
on memberships.memberships, memberships.membership_periods, memberships.charge_attempts,
memberships.price_consents
to authenticated;
-- code_hash is nobody's to read.
grant select (
    id, business_id, plan_id, sale_id, buyer_id, email, message, paid_at, expires_at, redeemed_at,
    membership_id, created_at
) on memberships.gifts to authenticated;
grant select, insert, update, delete
on memberships.memberships, memberships.membership_periods, memberships.charge_attempts,
memberships.price_consents, memberships.gifts
to service_role;

create policy memberships_select
on memberships.memberships
for select
to authenticated
using (
    user_id = (select auth.uid())
    or business_id = any(array(select private.seen_businesses()))
);

create policy membership_periods_select
on memberships.membership_periods
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or membership_id = any(array(select private.my_memberships()))
);

create policy charge_attempts_select
on memberships.charge_attempts
for select
to authenticated
using (
    exists (
        select 1
        from memberships.membership_periods
        where
            membership_periods.business_id = charge_attempts.business_id
            and membership_periods.id = charge_attempts.period_id
    )
);

create policy price_consents_select
on memberships.price_consents
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or membership_id = any(array(select private.my_memberships()))
);

-- The buyer, and those who serve customers at the business. Whoever it is for learns of it by mail.
create policy gifts_select
on memberships.gifts
for select
to authenticated
using (
    buyer_id = (select auth.uid())
    or business_id = any(array(select private.my_businesses('serve')))
);

grant execute on function
private.my_memberships(),
private.my_plans(),
memberships.status_at(memberships.memberships, timestamptz),
memberships.is_paused(memberships.memberships, timestamptz),
memberships.is_within_pause(timestamptz, timestamptz, timestamptz)
to authenticated, service_role;
grant execute on function private.my_plans() to anon;

grant execute on function
memberships.is_member(uuid, uuid, timestamptz),
memberships.join_plan(uuid, pricing.context, uuid, text),
memberships.change_quote(uuid, uuid),
memberships.change(uuid, uuid, boolean),
memberships.pause(uuid, timestamptz),
memberships.resume(uuid),
memberships.skip(uuid),
memberships.cancel(uuid, boolean, text),
memberships.keep(uuid),
memberships.set_method(uuid, uuid),
memberships.buy_gift(uuid, text, text, text),
memberships.redeem_gift(uuid, text),
memberships.announce_price(uuid, text, bigint, timestamptz, boolean),
memberships.accept_price(uuid)
to anon, authenticated, service_role;

grant usage on schema memberships to worker;
grant execute on function memberships.run_due(integer) to worker;

-- Analysts count members and add up prices. The grant leaves out who the members are.
grant usage on schema memberships to analyst;
grant select (
    id, business_id, currency, renews, time_zone, number, trial_ends_at, paid_until, due_until,
    ends_at, cancelled_at, paused_at, resumes_at, granted_plan_id
) on memberships.memberships to analyst;
grant select (
    business_id, membership_id, number, starts_at, price_minor, period_unit, period_count
) on memberships.membership_periods to analyst;
grant execute on function
private.now(),
memberships.is_within_pause(timestamptz, timestamptz, timestamptz),
memberships.status_of(
    uuid, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz,
    timestamptz, timestamptz
),
memberships.monthly_minor(bigint, memberships.period_unit, integer)
to analyst, service_role;
grant execute on function
memberships.status_of(
    uuid, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz, timestamptz,
    timestamptz, timestamptz
)
to authenticated;

create policy memberships_select_analyst
on memberships.memberships
for select
to analyst
using (true);

create policy membership_periods_select_analyst
on memberships.membership_periods
for select
to analyst
using (true);

-- sql/55_memberships/policies/plans.sql

-- Everybody reads the plans that can be joined at a business that is open; members read those of
-- their business in any state, and customers the plan that they are on. Owners and managers write
-- plans, prices and what credits pay for.

grant usage on schema memberships to anon, authenticated, service_role;

alter table memberships.membership_plans enable row level security;
alter table memberships.plan_prices enable row level security;
alter table memberships.plan_services enable row level security;
alter table memberships.price_changes enable row level security;

grant select on memberships.membership_plans to anon;
grant select, delete on memberships.membership_plans to authenticated;
grant insert (
    id, business_id, name, description, rank, renews, period_unit, period_count, trial_days,
    grace_days, retry_days, reminder_days, access, advance_days, credits, is_active, position
) on memberships.membership_plans to authenticated;
-- A plan keeps whether it renews: its members joined with it.
grant update (
    id, business_id, name, description, rank, period_unit, period_count, trial_days, grace_days,
    retry_days, reminder_days, access, advance_days, credits, is_active, position
) on memberships.membership_plans to authenticated;
grant select, insert, update, delete on memberships.membership_plans to service_role;

create policy membership_plans_select_public
on memberships.membership_plans
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = membership_plans.business_id
    )
);

create policy membership_plans_select
on memberships.membership_plans
for select
to authenticated
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = membership_plans.business_id
    )
    or business_id = any(array(select private.my_businesses('view')))
    or id = any(array(select private.my_plans()))
);

create policy membership_plans_insert
on memberships.membership_plans
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy membership_plans_update
on memberships.membership_plans
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy membership_plans_delete
on memberships.membership_plans
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant select on memberships.plan_prices, memberships.plan_services to anon;
grant select, delete on memberships.plan_prices, memberships.plan_services to authenticated;
grant insert (business_id, plan_id, currency, price_minor, signup_fee_minor)
on memberships.plan_prices to authenticated;
grant update (business_id, plan_id, currency, price_minor, signup_fee_minor)
on memberships.plan_prices to authenticated;
grant insert (business_id, plan_id, service_id, credits)
on memberships.plan_services to authenticated;
grant update (business_id, plan_id, service_id, credits)
on memberships.plan_services to authenticated;
grant select, insert, update, delete
on memberships.plan_prices, memberships.plan_services
to service_role;

-- What belongs to a plan is read like the plan.
create policy plan_prices_select
on memberships.plan_prices
for select
to anon, authenticated
using (
    exists (
        select 1
        from memberships.membership_plans
        where
            membership_plans.business_id = plan_prices.business_id
            and membership_plans.id = plan_prices.plan_id
    )
);

create policy plan_prices_insert
on memberships.plan_prices
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy plan_prices_update
on memberships.plan_prices
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy plan_prices_delete
on memberships.plan_prices
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy plan_services_select
on memberships.plan_services
for select
to anon, authenticated
using (
    exists (
        select 1
        from memberships.membership_plans
        where
            membership_plans.business_id = plan_services.business_id
            and membership_plans.id = plan_services.plan_id
    )
);

create policy plan_services_insert
on memberships.plan_services
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy plan_services_update
on memberships.plan_services
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy plan_services_delete
on memberships.plan_services
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- Nobody writes announcements: announce_membership_price does, which keeps the notice.
grant select on memberships.price_changes to authenticated, service_role;

create policy price_changes_select
on memberships.price_changes
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or plan_id = any(array(select private.my_plans()))
);

-- sql/55_memberships/api/loyalty.sql

-- Referrals as clients read them, and how points are changed by hand.

create view public.referrals
with (security_invoker = true)
as
select
    referrals.id,
    referrals.business_id,
    referrals.referrer_id,
    referrals.referred_id,
    referrals.referrer_points,
    referrals.referred_points,
    referrals.rewarded_at,
    referrals.created_at
from loyalty.referrals;
grant select on public.referrals to authenticated, service_role;

comment on view public.referrals is
'Who referred whom to a business. Each side is rewarded once, after the first sale of whoever was '
'referred is completed. Both read it, and members who serve. Page by (created_at, id).';
comment on column public.referrals.id is 'Key.';
comment on column public.referrals.business_id is 'The business.';
comment on column public.referrals.referrer_id is 'Who referred, a row of customers.';
comment on column public.referrals.referred_id is 'Who was referred, a row of customers.';
comment on column public.referrals.referrer_points is 'How many points whoever referred gets.';
comment on column public.referrals.referred_points is 'How many points whoever was referred gets.';
comment on column public.referrals.rewarded_at is
'When both were rewarded. Null: the first sale is not completed yet.';
comment on column public.referrals.created_at is 'When the code was used.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 idempotency_conflict insufficient_points
 */
create function public.adjust_points(
    business_id public.identifier,
    customer_id public.identifier,
    points public.whole_number,
    reason text,
    idempotency_key text default null
)
returns public.loyalty_balances
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_business_id uuid = private.to_identifier(business_id, 'business_id');
    v_customer_id uuid = private.to_identifier(customer_id, 'customer_id');
    v_points integer = private.to_whole_number(points, 'points', -1000000, 1000000);
    v_reason text = private.to_required_text(reason, 'reason', 500);
    v_answer jsonb;
    v_balance public.loyalty_balances;
begin
    if v_points = 0 then
        perform private.invalid('points', 'must not be 0');
    end if;
    if idempotency_key is not null then
        v_answer = private.first_answer(
            'adjust_points', idempotency_key,
            jsonb_build_array(v_business_id, v_customer_id, v_points, v_reason)
        );
        if v_answer is not null then
            return jsonb_populate_record(null::public.loyalty_balances, v_answer);
        end if;
    end if;
    perform loyalty.adjust(v_business_id, v_customer_id, v_points, v_reason);
    select loyalty_balances.* into strict v_balance
    from public.loyalty_balances
    where
        loyalty_balances.business_id = v_business_id
        and loyalty_balances.customer_id = v_customer_id;
    if idempotency_key is not null then
        perform private.remember_answer('adjust_points', idempotency_key, to_jsonb(v_balance));
    end if;
    return v_balance;
end;
$$;
comment on function public.adjust_points is
'Add points to a customer, or take some of those that are left.

For owners and managers. New points expire as earned ones do. Returns the balance.

- points: from -1000000 to 1000000, not 0; negative takes points, at most those that are left.
- reason: 1 to 500 characters; the customer reads it.
- idempotency_key: repeating the call with the same key returns the first answer again, for a day.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, idempotency_conflict '
'409, insufficient_points 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.referral_code(business_id public.identifier)
returns text
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select loyalty.referral_code(private.to_identifier(business_id, 'business_id'));
end;
comment on function public.referral_code is
'Return the code by which the caller refers others to a business.

For signed-in callers. The first call draws it; it stays the same. Returns 8 characters without '
'look-alikes.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found · PT409 not_referrable
 */
create function public.accept_referral(business_id public.identifier, code text)
returns public.referrals
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_referral public.referrals;
    v_id uuid = loyalty.accept_referral(
        private.to_identifier(business_id, 'business_id'),
        private.to_required_text(code, 'code', 40)
    );
begin
    select referrals.* into strict v_referral
    from public.referrals
    where referrals.id = v_id;
    return v_referral;
end;
$$;
comment on function public.accept_referral is
'Say by whose code the caller came to a business.

For signed-in callers who have not been served there yet. Each side is rewarded once, after the '
'first sale of the caller is completed. The same code again returns the same referral.

- code: the referral code, in any case of letters.

Returns the referral.

Errors: invalid_input 400, not_signed_in 401, not_found 404, not_referrable 409.';

grant execute on function
public.adjust_points(
    public.identifier, public.identifier, public.whole_number, text, text
),
public.referral_code(public.identifier),
public.accept_referral(public.identifier, text)
to anon, authenticated, service_role;

-- sql/55_memberships/api/members.sql

-- Memberships as clients read them. The status is computed from the row and the clock.

create view public.memberships
with (security_invoker = true)
as
select
    memberships.id,
    memberships.business_id,
    memberships.customer_id,
    memberships.user_id,
    memberships.plan_id,
    memberships.next_plan_id,
    memberships.status_at(memberships, private.now()) as status,
    memberships.currency,
    memberships.price_minor,
    memberships.renews,
    memberships.period_unit,
    memberships.period_count,
    memberships.time_zone,
    memberships.joined_at,
    memberships.trial_ends_at,
    memberships.paid_until,
    memberships.due_until,
    memberships.renews_at,
    memberships.ends_at,
    memberships.cancelled_at,
    memberships.cancel_reason,
    memberships.paused_at,
    memberships.resumes_at,
    memberships.method_id,
    memberships.updated_at
from memberships.memberships;
grant select on public.memberships to authenticated, service_role;

comment on view public.memberships is
'Who is a member of what, until when. Members read theirs, businesses those of their members. '
'Written by join_membership and the other functions of memberships. Page by (joined_at, id).';
comment on column public.memberships.id is 'Key.';
comment on column public.memberships.business_id is 'The business.';
comment on column public.memberships.customer_id is 'The member, a row of customers.';
comment on column public.memberships.user_id is 'The account; null once it is gone.';
comment on column public.memberships.plan_id is 'The plan.';
comment on column public.memberships.next_plan_id is
'The plan to which it changes at the next renewal; null: none.';
comment on column public.memberships.status is
'trialing, active, past_due (a period is not paid yet), paused, cancelled or expired, at this '
'instant.';
comment on column public.memberships.currency is 'ISO 4217 code.';
comment on column public.memberships.price_minor is
'What a period costs, as it was agreed, in minor units.';
comment on column public.memberships.renews is 'Whether a period follows the one before.';
comment on column public.memberships.period_unit is 'day, week, month or year.';
comment on column public.memberships.period_count is 'How many units a period has.';
comment on column public.memberships.time_zone is
'The zone of the business, on whose wall clock periods are counted.';
comment on column public.memberships.joined_at is 'When somebody joined.';
comment on column public.memberships.trial_ends_at is 'When the trial ends; null: there was none.';
comment on column public.memberships.paid_until is 'Until when it is paid, or free.';
comment on column public.memberships.due_until is
'Until when an unpaid period can keep it alive. Later it is expired.';
comment on column public.memberships.renews_at is
'When the next period begins and is charged; null: none follows, or the latest is unpaid.';
comment on column public.memberships.ends_at is
'When it ends, or ended; null: it goes on.';
comment on column public.memberships.cancelled_at is
'When it was cancelled; it may last until ends_at.';
comment on column public.memberships.cancel_reason is 'Why it was cancelled.';
comment on column public.memberships.paused_at is 'When its latest pause begins, or began.';
comment on column public.memberships.resumes_at is
'When that pause ends; null while nobody said.';
comment on column public.memberships.method_id is
'The saved card that pays renewals, a row of payment_methods; null: none.';
comment on column public.memberships.updated_at is 'When it was last changed.';

create view public.membership_periods
with (security_invoker = true)
as
select
    membership_periods.id,
    membership_periods.business_id,
    membership_periods.membership_id,
    membership_periods.number,
    membership_periods.plan_id,
    membership_periods.starts_at,
    membership_periods.ends_at,
    membership_periods.price_minor,
    membership_periods.sale_id,
    membership_periods.paid_at,
    membership_periods.next_charge_at,
    membership_periods.voided_at,
    membership_periods.period_unit,
    membership_periods.period_count
from memberships.membership_periods;
grant select on public.membership_periods to authenticated, service_role;

comment on view public.membership_periods is
'The periods of memberships, each with its invoice. Read like their membership. Page by '
'(membership_id, number).';
comment on column public.membership_periods.id is 'Key.';
comment on column public.membership_periods.business_id is 'The business.';
comment on column public.membership_periods.membership_id is 'The membership.';
comment on column public.membership_periods.number is '0 for the trial, then 1, 2, …';
comment on column public.membership_periods.plan_id is 'The plan in that period.';
comment on column public.membership_periods.starts_at is 'When it begins.';
comment on column public.membership_periods.ends_at is 'When the next one may begin.';
comment on column public.membership_periods.price_minor is
'What the whole period costs on its plan, after discount, in minor units.';
comment on column public.membership_periods.sale_id is
'The invoice, a row of sales; null for a free trial.';
comment on column public.membership_periods.paid_at is
'When it was paid or began free of charge; null: it is owed.';
comment on column public.membership_periods.next_charge_at is
'When the saved card is charged again; null: not, or a charge is on its way.';
comment on column public.membership_periods.voided_at is
'When its invoice was taken back because nobody paid it.';
comment on column public.membership_periods.period_unit is
'day, week, month or year: for how long price_minor pays by the plan.';
comment on column public.membership_periods.period_count is 'How many of these units.';

create view public.membership_charges
with (security_invoker = true)
as
select
    charge_attempts.business_id,
    charge_attempts.period_id,
    charge_attempts.number,
    charge_attempts.payment_id,
    charge_attempts.at,
    charge_attempts.failed_at,
    charge_attempts.failure
from memberships.charge_attempts;
grant select on public.membership_charges to authenticated, service_role;

comment on view public.membership_charges is
'Each charge of a saved card for a period. Read like the period. Page by (period_id, number).';
comment on column public.membership_charges.business_id is 'The business.';
comment on column public.membership_charges.period_id is 'The period, a row of membership_periods.';
comment on column public.membership_charges.number is '1 for the first attempt, then 2, …';
comment on column public.membership_charges.payment_id is 'The payment.';
comment on column public.membership_charges.at is 'When it was queued.';
comment on column public.membership_charges.failed_at is
'When it failed; null: it did not, or is on its way.';
comment on column public.membership_charges.failure is 'Why it failed.';

create view public.membership_gifts
with (security_invoker = true)
as
select
    gifts.id,
    gifts.business_id,
    gifts.plan_id,
    gifts.sale_id,
    gifts.buyer_id,
    gifts.email,
    gifts.message,
    gifts.paid_at,
    gifts.expires_at,
    gifts.redeemed_at,
    gifts.membership_id,
    gifts.created_at
from memberships.gifts;
grant select on public.membership_gifts to authenticated, service_role;

comment on view public.membership_gifts is
'Plans that somebody bought for somebody else. Buyers read theirs, members who serve those of '
'their business. Page by (created_at, id).';
comment on column public.membership_gifts.id is 'Key.';
comment on column public.membership_gifts.business_id is 'The business of the plan.';
comment on column public.membership_gifts.plan_id is 'The plan.';
comment on column public.membership_gifts.sale_id is 'What the buyer pays, a row of sales.';
comment on column public.membership_gifts.buyer_id is 'Who bought it.';
comment on column public.membership_gifts.email is 'For whom it is; null: whoever has the code.';
comment on column public.membership_gifts.message is 'What the buyer wrote.';
comment on column public.membership_gifts.paid_at is
'When it was paid; null: it cannot be redeemed yet.';
comment on column public.membership_gifts.expires_at is 'Until when it can be redeemed.';
comment on column public.membership_gifts.redeemed_at is 'When it was redeemed.';
comment on column public.membership_gifts.membership_id is 'What it became.';
comment on column public.membership_gifts.created_at is 'When it was bought.';

/*
 * Return a membership in the form of the API. Volatile, because it reads what the same statement
 * wrote.
 */
create function memberships.shown(membership_id uuid)
returns public.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_membership public.memberships;
begin
    select memberships.* into v_membership
    from public.memberships
    where memberships.id = shown.membership_id;
    return v_membership;
end;
$$;

-- sql/55_memberships/api/members_gifts.sql

-- Gifts and new prices: what buyers, receivers, members and managers call.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.gift_membership(
    plan_id public.identifier,
    currency text default null,
    email text default null,
    message text default null
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.buy_gift(
        private.to_identifier(plan_id, 'plan_id'),
        private.to_text(currency, 'currency', 3),
        private.to_email(email, 'email'),
        private.to_text(message, 'message', 1000)
    );
end;
comment on function public.gift_membership is
'Buy one period of a plan for somebody else.

For signed-in callers. It makes a sale, which is paid like any other (start_payment with the '
'sale_id). Once it is paid, whoever has the code can redeem it for three years; so can whoever '
'confirmed the address. Returns {gift_id, sale_id, code}. The code is shown this once.

- currency: ISO 4217 code in which the plan has a price; by default that of the business.
- email: for whom it is. They are told once it is paid.
- message: at most 1000 characters, for the mail.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.redeem_membership_gift(
    code text default null,
    gift_id public.identifier default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.redeem_gift(
            private.to_identifier(gift_id, 'gift_id', is_required => code is null),
            private.to_text(code, 'code', 40)
        )
    );
end;
comment on function public.redeem_membership_gift is
'Redeem a gift: it becomes a membership of one period, which does not renew.

For signed-in callers. A gift is redeemed once, after it was paid. Returns the membership.

- code: as it was shown to the buyer; case, hyphens and spaces do not matter.
- gift_id: instead of the code, for a caller who confirmed the address that the gift is for.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.announce_membership_price(
    plan_id public.identifier,
    price_minor public.whole_number,
    effective_at public.instant,
    currency text,
    needs_consent public.yes_no default 'true'
)
returns uuid
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.announce_price(
        private.to_identifier(plan_id, 'plan_id'),
        private.to_required_text(currency, 'currency', 3),
        private.to_minor_units(price_minor, 'price_minor'),
        private.to_instant(effective_at, 'effective_at'),
        private.to_yes_no(needs_consent, 'needs_consent')
    );
end;
comment on function public.announce_membership_price is
'Announce a new price of a plan to the members who joined before.

For owners and managers. The members are told at once. The price applies to periods that begin '
'from then on; members who must accept a higher price, and do not, keep theirs. Returns the id of '
'the announcement, a row of membership_price_changes.

- price_minor: the new price of a period in minor units.
- effective_at: at least 30 days ahead.
- currency: ISO 4217 code of the memberships that it concerns.
- needs_consent: whether a higher price applies only to members who accept it. Leave it true '
'where the law asks for consent.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 */
create function public.accept_membership_price(price_change_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.accept_price(private.to_identifier(price_change_id, 'price_change_id'))
    );
end;
comment on function public.accept_membership_price is
'Accept a new price of the plan that the caller is on.

For the member. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, not_found 404.';

grant execute on function
public.gift_membership(public.identifier, text, text, text),
public.redeem_membership_gift(text, public.identifier),
public.announce_membership_price(
    public.identifier, public.whole_number, public.instant, text, public.yes_no
),
public.accept_membership_price(public.identifier)
to anon, authenticated, service_role;

-- sql/55_memberships/api/members_rests.sql

-- How members rest, cancel and choose their card.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.pause_membership(
    membership_id public.identifier,
    until public.instant default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.pause(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_instant(until, 'until', is_required => false)
        )
    );
end;
comment on function public.pause_membership is
'Pause a membership from now on.

For the member, and members of the business who serve. What is left of the period follows the '
'pause, to the second, and nothing is charged meanwhile. Returns the membership.

- until: from an hour to 366 days ahead; by default until resume_membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.resume_membership(membership_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.resume(private.to_identifier(membership_id, 'membership_id'))
    );
end;
comment on function public.resume_membership is
'Resume a paused membership now.

For the member, and members of the business who serve. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.skip_membership_period(membership_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.skip(private.to_identifier(membership_id, 'membership_id'))
    );
end;
comment on function public.skip_membership_period is
'Skip the next period of a membership.

For the member, and members of the business who serve. The membership rests from the end of this '
'period to the end of the next one, which is not charged. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.cancel_membership(
    membership_id public.identifier,
    at_period_end public.yes_no default 'true',
    reason text default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.cancel(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_yes_no(at_period_end, 'at_period_end'),
            private.to_text(reason, 'reason', 500)
        )
    );
end;
comment on function public.cancel_membership is
'Cancel a membership.

For the member, and members of the business who serve. Until its end keep_membership takes it '
'back. Nothing is given back by itself; an invoice that is not paid is taken back. Returns the '
'membership.

- at_period_end: whether it lasts as long as it is paid; otherwise it ends now.
- reason: at most 500 characters.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.keep_membership(membership_id public.identifier)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.keep(private.to_identifier(membership_id, 'membership_id'))
    );
end;
comment on function public.keep_membership is
'Keep a membership that was cancelled to the end of its period.

For the member, and members of the business who serve. It renews again. Returns the membership.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition · PT422 method_expired
 */
create function public.set_membership_method(
    membership_id public.identifier,
    payment_method_id public.identifier default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.set_method(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_identifier(
                payment_method_id, 'payment_method_id', is_required => false
            )
        )
    );
end;
comment on function public.set_membership_method is
'Let another saved card pay the renewals of a membership.

For the member; members of the business who serve can remove the card. What is owed is charged '
'to the new card at once. Returns the membership.

- payment_method_id: a saved card of the caller; empty: none, and each period is paid with '
'start_payment.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409, method_expired 422.';

grant execute on function
public.pause_membership(public.identifier, public.instant),
public.resume_membership(public.identifier),
public.skip_membership_period(public.identifier),
public.cancel_membership(public.identifier, public.yes_no, text),
public.keep_membership(public.identifier),
public.set_membership_method(public.identifier, public.identifier)
to anon, authenticated, service_role;

-- sql/55_memberships/api/members_rpcs.sql

-- What members, and those who serve them, call. Each function reads its arguments and calls one of
-- the domain.

/*
 * Errors:  PT400 invalid_input
 */
create function public.is_member(
    plan_id public.identifier default null,
    business_id public.identifier default null,
    at public.instant default null
)
returns boolean
language sql
stable
security invoker
set search_path = ''
begin atomic
    select memberships.is_member(
        private.to_identifier(plan_id, 'plan_id', is_required => business_id is null),
        private.to_identifier(business_id, 'business_id', is_required => false),
        coalesce(private.to_instant(at, 'at', is_required => false), private.now())
    );
end;
comment on function public.is_member is
'Say whether the caller is a member: of a plan, or of any plan of a business.

The answer follows from what was granted and from time alone. Nobody is a member without signing '
'in. It may stand in a policy, in a scalar subselect. Returns a boolean.

- plan_id, business_id: one of them.
- at: an instant; by default now.

Errors: invalid_input 400.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 already_member coupon_exhausted idempotency_conflict price_changed
 *          PT422 coupon_invalid method_expired
 */
create function public.join_membership(
    plan_id public.identifier,
    currency text default null,
    coupon_code text default null,
    total_minor public.whole_number default null,
    payment_method_id public.identifier default null,
    idempotency_key text default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.join_plan(
            private.to_identifier(plan_id, 'plan_id'),
            pricing.to_terms(coupon_code, null, currency, null, null, total_minor),
            private.to_identifier(
                payment_method_id, 'payment_method_id', is_required => false
            ),
            idempotency_key
        )
    );
end;
comment on function public.join_membership is
'Join a plan.

For signed-in callers. It writes the membership, its first period and a sale. With a saved card '
'the sale is charged at once; otherwise start_payment takes the membership_id. Benefits begin '
'when it is paid, and those of a trial or a free plan at once; what is not paid within a day '
'expires. A customer has one membership that renews at a business, and any number of passes '
'beside it. Returns the membership.

- currency: ISO 4217 code in which the plan has a price; by default that of the business.
- coupon_code: applies to the first period.
- total_minor: the total that was shown; another one is refused.
- payment_method_id: a saved card of the caller. It pays the renewals too.
- idempotency_key: repeating the call with the same key returns the same membership, for a day.

Errors: invalid_input 400, not_signed_in 401, not_found 404, already_member 409, '
'coupon_exhausted 409, idempotency_conflict 409, price_changed 409, coupon_invalid 422, '
'method_expired 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.quote_membership_change(
    membership_id public.identifier,
    plan_id public.identifier
)
returns jsonb
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.change_quote(
        private.to_identifier(membership_id, 'membership_id'),
        private.to_identifier(plan_id, 'plan_id')
    );
end;
comment on function public.quote_membership_change is
'Return what it costs to change a membership to another plan now.

For the member, and members of the business who serve. Returns {membership_id, plan_id, '
'currency, credit_minor, charge_minor, difference_minor, at}: what is taken back of the old plan '
'and what is charged for the new one, for what is left of the period to the second. Tax that '
'comes on top is not in it. A plan with periods of another length charges a whole period.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.change_membership(
    membership_id public.identifier,
    plan_id public.identifier,
    at_period_end public.yes_no default null
)
returns public.memberships
language sql
volatile
security invoker
set search_path = ''
begin atomic
    select memberships.shown(
        memberships.change(
            private.to_identifier(membership_id, 'membership_id'),
            private.to_identifier(plan_id, 'plan_id'),
            case
                when at_period_end is not null
                    then private.to_yes_no(at_period_end, 'at_period_end')
            end
        )
    );
end;
comment on function public.change_membership is
'Change a membership to another plan of its business.

For the member, and members of the business who serve. At once, what is left of the period is '
'taken back at the old price and charged at the new one, to the second. The new plan is granted '
'once nothing is owed; a lower price is given back by refund, and never more than was paid. A '
'plan with periods of another length begins a period of its own. The present plan takes back a '
'planned change. Returns the membership.

- at_period_end: by default true for a plan of a lower rank, false for the others.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, invalid_transition '
'409.';

grant execute on function
memberships.shown(uuid),
public.is_member(public.identifier, public.identifier, public.instant),
public.join_membership(public.identifier, text, text, public.whole_number, public.identifier, text),
public.quote_membership_change(public.identifier, public.identifier),
public.change_membership(public.identifier, public.identifier, public.yes_no)
to anon, authenticated, service_role;

-- sql/55_memberships/api/plans.sql

-- Plans as clients read and write them.

create view public.membership_plans
with (security_invoker = true)
as
select
    membership_plans.id,
    membership_plans.business_id,
    membership_plans.name,
    membership_plans.description,
    membership_plans.rank,
    membership_plans.renews,
    membership_plans.period_unit,
    membership_plans.period_count,
    membership_plans.trial_days,
    membership_plans.grace_days,
    membership_plans.retry_days,
    membership_plans.reminder_days,
    membership_plans.access,
    membership_plans.advance_days,
    membership_plans.credits,
    membership_plans.is_active,
    membership_plans.position,
    membership_plans.created_at,
    membership_plans.updated_at
from memberships.membership_plans;
grant select on public.membership_plans to anon;
grant select, insert, update, delete on public.membership_plans to authenticated, service_role;

comment on view public.membership_plans is
'What businesses offer to members. A plan renews, or has one period: a class pack or a prepaid '
'credit. Everybody reads those that can be joined; owners and managers write theirs. A change '
'applies to whoever joins later; grace, retries, reminders and what is granted also to later '
'periods of those who joined. Page by (position, id).';
comment on column public.membership_plans.id is 'Key.';
comment on column public.membership_plans.business_id is
'The business that offers it. The platform''s plans are those of its own business.';
comment on column public.membership_plans.name is '1 to 200 characters, unique in its business.';
comment on column public.membership_plans.description is 'At most 5000 characters.';
comment on column public.membership_plans.rank is
'0 to 1000. A change to a lower rank waits for the end of the period.';
comment on column public.membership_plans.renews is
'Whether a period follows the one before. Cannot be changed.';
comment on column public.membership_plans.period_unit is 'day, week, month or year.';
comment on column public.membership_plans.period_count is
'How many units a period has: 1 to 366. Periods are counted from the first one, on the wall clock '
'of the business.';
comment on column public.membership_plans.trial_days is
'Free days before the first period, 0 to 366, once for each customer.';
comment on column public.membership_plans.grace_days is
'How many days members keep what the plan grants while a period is not paid: 0 to 60.';
comment on column public.membership_plans.retry_days is
'How many days after the first attempt a failed charge is tried again: at most 10 numbers.';
comment on column public.membership_plans.reminder_days is
'How many days before a renewal its members are told; 0: never.';
comment on column public.membership_plans.access is
'What members have access to, a word such as gold_member. Promotions, price lists, rules, '
'services, products and pages may ask for it.';
comment on column public.membership_plans.advance_days is
'How many days further ahead than others members may book: 0 to 3650.';
comment on column public.membership_plans.credits is
'How many visits or credits each period grants; null: none. membership_plan_services says for '
'what.';
comment on column public.membership_plans.is_active is 'Whether somebody may join.';
comment on column public.membership_plans.position is 'Where it stands in a list; lower is first.';
comment on column public.membership_plans.created_at is 'When it was created.';
comment on column public.membership_plans.updated_at is 'When it was last changed.';

create view public.membership_plan_prices
with (security_invoker = true)
as
select
    plan_prices.business_id,
    plan_prices.plan_id,
    plan_prices.currency,
    plan_prices.price_minor,
    plan_prices.signup_fee_minor
from memberships.plan_prices;
grant select on public.membership_plan_prices to anon;
grant select, insert, update, delete
on public.membership_plan_prices
to authenticated, service_role;

comment on view public.membership_plan_prices is
'What a plan costs whoever joins from now on, in each currency. Members who joined keep their '
'price until announce_membership_price changes it.';
comment on column public.membership_plan_prices.business_id is 'The business of the plan.';
comment on column public.membership_plan_prices.plan_id is 'The plan.';
comment on column public.membership_plan_prices.currency is 'ISO 4217 code.';
comment on column public.membership_plan_prices.price_minor is
'The price of a period in minor units.';
comment on column public.membership_plan_prices.signup_fee_minor is
'What joining costs once, in minor units.';

create view public.membership_plan_services
with (security_invoker = true)
as
select
    plan_services.business_id,
    plan_services.plan_id,
    plan_services.service_id,
    plan_services.credits
from memberships.plan_services;
grant select on public.membership_plan_services to anon;
grant select, insert, update, delete
on public.membership_plan_services
to authenticated, service_role;

comment on view public.membership_plan_services is
'Which services the credits of a plan pay for. What is written applies to later periods.';
comment on column public.membership_plan_services.business_id is 'The business of the plan.';
comment on column public.membership_plan_services.plan_id is 'The plan.';
comment on column public.membership_plan_services.service_id is
'A service that its credits pay for.';
comment on column public.membership_plan_services.credits is
'How many credits a visit costs each guest: 1 for a pass of visits.';

create view public.membership_price_changes
with (security_invoker = true)
as
select
    price_changes.id,
    price_changes.business_id,
    price_changes.plan_id,
    price_changes.currency,
    price_changes.price_minor,
    price_changes.effective_at,
    price_changes.needs_consent,
    price_changes.announced_at
from memberships.price_changes;
grant select on public.membership_price_changes to authenticated, service_role;

comment on view public.membership_price_changes is
'New prices that were announced to the members of a plan. Its members and those of the business '
'read them. Page by (announced_at, id).';
comment on column public.membership_price_changes.id is 'Key.';
comment on column public.membership_price_changes.business_id is 'The business of the plan.';
comment on column public.membership_price_changes.plan_id is 'The plan.';
comment on column public.membership_price_changes.currency is 'ISO 4217 code.';
comment on column public.membership_price_changes.price_minor is
'The new price of a period in minor units.';
comment on column public.membership_price_changes.effective_at is
'It applies to periods that begin from then on.';
comment on column public.membership_price_changes.needs_consent is
'Whether a higher price applies only to members who accept it.';
comment on column public.membership_price_changes.announced_at is 'When members were told.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
