-- The cost of cancelling, moving and not coming. A policy is a row; its tiers say what cancelling
-- costs as the start comes nearer. A booking keeps a copy of both, and only the copy counts.

-- What a customer's move to a time or a resource with another price means. `difference`: they pay
-- or get it. `surcharge`: they pay it and never get it. `keep`: the price stays as it was agreed.
create type catalog.reschedule_pricing as enum ('difference', 'surcharge', 'keep');

create table catalog.cancellation_policies (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    is_default boolean not null default false,
    -- The fee for a no-show: a share of the total, or an amount.
    no_show_fee_bps integer not null default 0,
    -- Elapsed hours before the start until which a customer may move the booking, and how often
    -- (null: without a limit).
    reschedule_until_hours integer not null default 0,
    reschedule_limit integer,
    created_at timestamptz not null default now(),
    -- Amounts are in minor units of the booking's currency.
    no_show_fee_minor bigint not null default 0,
    -- The fee for a customer's move when fewer than so many elapsed hours remain.
    late_reschedule_hours integer not null default 0,
    late_reschedule_fee_bps integer not null default 0,
    late_reschedule_fee_minor bigint not null default 0,
    reschedule_pricing catalog.reschedule_pricing not null default 'difference',

    constraint cancellation_policies_business_id_id_unique unique (business_id, id),
    constraint cancellation_policies_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint cancellation_policies_no_show_fee_is_a_share check (
        no_show_fee_bps between 0 and 10000
        or private.invalid('no_show_fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_policies_no_show_fee_is_an_amount check (
        no_show_fee_minor between 0 and 1000000000000
        or private.invalid('no_show_fee_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint cancellation_policies_no_show_fee_is_one_of_both check (
        no_show_fee_bps = 0
        or no_show_fee_minor = 0
        or private.invalid('no_show_fee_bps and no_show_fee_minor', 'must not both be set')
    ),
    constraint cancellation_policies_late_reschedule_is_sane check (
        late_reschedule_hours between 0 and 8760
        or private.invalid('late_reschedule_hours', 'must be from 0 to 8760')
    ),
    constraint cancellation_policies_late_reschedule_fee_is_a_share check (
        late_reschedule_fee_bps between 0 and 10000
        or private.invalid('late_reschedule_fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_policies_late_reschedule_fee_is_an_amount check (
        late_reschedule_fee_minor between 0 and 1000000000000
        or private.invalid(
            'late_reschedule_fee_minor', 'must be from 0 to 1000000000000 minor units'
        )
    ),
    constraint cancellation_policies_late_reschedule_fee_is_one_of_both check (
        late_reschedule_fee_bps = 0
        or late_reschedule_fee_minor = 0
        or private.invalid(
            'late_reschedule_fee_bps and late_reschedule_fee_minor', 'must not both be set'
        )
    ),
    constraint cancellation_policies_reschedule_until_is_sane check (
        reschedule_until_hours between 0 and 8760
        or private.invalid('reschedule_until_hours', 'must be from 0 to 8760')
    ),
    constraint cancellation_policies_reschedule_limit_is_sane check (
        reschedule_limit is null
        or reschedule_limit between 0 and 1000
        or private.invalid('reschedule_limit', 'must be from 0 to 1000')
    ),
    -- At commit, not at once: cancellation_policies__keep_one_default moves the mark afterwards.
    constraint cancellation_policies_one_default exclude using btree (business_id with =)
    where (is_default) deferrable initially deferred
);
comment on table catalog.cancellation_policies is
'What cancelling and moving costs. A booking keeps a copy of the policy that it was made under.';

create table catalog.cancellation_tiers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    cancellation_policy_id uuid not null,
    -- Applies while fewer than so many elapsed hours remain before the start: the nearest tier
    -- wins.
    hours_before integer not null,
    -- One of both: a share of the total, or an amount in minor units of the booking's currency.
    fee_bps integer,
    fee_minor bigint,
    created_at timestamptz not null default now(),

    constraint cancellation_tiers_business_id_id_unique unique (business_id, id),
    constraint cancellation_tiers_hours_unique unique (cancellation_policy_id, hours_before),
    constraint cancellation_tiers_policy_fkey foreign key (business_id, cancellation_policy_id)
    references catalog.cancellation_policies (business_id, id) on delete cascade,
    constraint cancellation_tiers_hours_are_sane check (
        hours_before between 1 and 8760
        or private.invalid('hours_before', 'must be from 1 to 8760')
    ),
    constraint cancellation_tiers_fee_is_a_share check (
        fee_bps is null
        or fee_bps between 0 and 10000
        or private.invalid('fee_bps', 'must be from 0 to 10000 basis points')
    ),
    constraint cancellation_tiers_fee_is_an_amount check (
        fee_minor is null
        or fee_minor between 0 and 1000000000000
        or private.invalid('fee_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint cancellation_tiers_fee_is_one_of_both check (
        num_nonnulls(fee_bps, fee_minor) = 1
        or private.invalid('fee_bps or fee_minor', 'is required, but not both')
    )
);
comment on table catalog.cancellation_tiers is
'What cancelling costs when fewer than so many hours remain. A policy without tiers costs nothing.';
create index cancellation_tiers_policy_idx
on catalog.cancellation_tiers (business_id, cancellation_policy_id);
