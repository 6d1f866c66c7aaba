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
