-- The initial schema of 26_loyalty: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/26_loyalty/tables/base.sql

-- Points: what a business gives back to whoever buys there. A program says how many points an
-- amount earns, what they are worth and how long they last. It stands below prices, which redeem
-- points, and sales, which use them; what earns points and takes them back is in 55_memberships.

create schema loyalty;
comment on schema loyalty is 'Programs, the points of customers, and referrals.';

create type loyalty.rounding as enum ('down', 'nearest', 'up');
create type loyalty.entry_kind as enum (
    'earned', 'clawed_back', 'redeemed', 'returned', 'adjusted', 'referral', 'expired', 'repaid'
);

-- sql/26_loyalty/tables/points.sql

-- The points of customers. Every change is an entry, and entries are only added to. A lot is what
-- was earned at once and expires at once; what is left of it is the sum of its entries. An account
-- has the sum of its lots, and its debt: what was taken back beyond what was left. Later points
-- repay the debt first, so a balance is never negative, and whoever earns and gives back ends at
-- the same number in any order.

create table loyalty.accounts (
    business_id uuid not null,
    customer_id uuid not null,
    -- The sum of its lots; those that expired meanwhile count until the next change.
    points bigint not null default 0,
    -- What refunds took back beyond what was left.
    debt_points bigint not null default 0,

    primary key (business_id, customer_id),
    constraint accounts_customer_fkey foreign key (business_id, customer_id)
    references customers.customers (business_id, id) on delete cascade,
    constraint accounts_points_not_negative check (points >= 0),
    constraint accounts_debt_not_negative check (debt_points >= 0)
);
comment on table loyalty.accounts is 'How many points a customer of a business has, or owes.';
comment on column loyalty.accounts.customer_id is '[person]';

create table loyalty.lots (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    points bigint not null default 0,
    -- Null: never.
    expires_at timestamptz,
    created_at timestamptz not null,
    -- When the customer was told that it expires.
    told_at timestamptz,

    constraint lots_business_id_id_unique unique (business_id, id),
    constraint lots_account_fkey foreign key (business_id, customer_id)
    references loyalty.accounts (business_id, customer_id) on delete cascade,
    constraint lots_points_not_negative check (points >= 0)
);
comment on table loyalty.lots is 'Points that were earned at once and expire at once.';
comment on column loyalty.lots.customer_id is '[person]';
-- What is left of an account, the first to expire first.
create index lots_left_idx on loyalty.lots (business_id, customer_id, expires_at)
where points > 0;
create index lots_account_idx on loyalty.lots (business_id, customer_id);
-- What expires soon or has expired.
create index lots_expiring_idx on loyalty.lots (expires_at) where points > 0;

create table loyalty.entries (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    customer_id uuid not null,
    -- Null: of the debt.
    lot_id uuid,
    kind loyalty.entry_kind not null,
    points bigint not null,
    -- The sale that earned or redeemed them. Its key is added by the domain of memberships.
    sale_id uuid,
    -- Why a member changed them, and who.
    reason text,
    actor_id uuid references auth.users (id) on delete set null,
    created_at timestamptz not null,

    constraint entries_business_id_id_unique unique (business_id, id),
    constraint entries_account_fkey foreign key (business_id, customer_id)
    references loyalty.accounts (business_id, customer_id) on delete cascade,
    constraint entries_lot_fkey foreign key (business_id, lot_id)
    references loyalty.lots (business_id, id) on delete cascade,
    constraint entries_change_something check (points <> 0),
    constraint entries_of_members_have_a_reason check (
        kind <> 'adjusted' or reason is not null
    )
);
comment on table loyalty.entries is 'Every change of points. Entries are only added to.';
comment on column loyalty.entries.customer_id is '[person]';
comment on column loyalty.entries.reason is '[personal]';
comment on column loyalty.entries.actor_id is '[person]';
-- The history of a customer, page by page.
create index entries_customer_idx
on loyalty.entries (business_id, customer_id, created_at, id);
create index entries_lot_idx on loyalty.entries (business_id, lot_id);
-- What a sale earned and redeemed.
create index entries_sale_idx on loyalty.entries (business_id, sale_id)
where sale_id is not null;
create index entries_actor_id_idx on loyalty.entries (actor_id);
-- A sale earns once.
create unique index entries_earned_once_idx on loyalty.entries (business_id, sale_id)
where kind = 'earned';

-- sql/26_loyalty/tables/programs.sql

-- What a business promises: how many points an amount earns, when it earns more, what points are
-- worth, and how long they last.

create table loyalty.programs (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- Whether sales earn points. Points that were earned can be redeemed meanwhile.
    is_active boolean not null default true,
    -- Sales in other currencies neither earn nor redeem.
    currency text not null references pricing.currencies (code) on delete restrict,
    -- Each earn_minor that somebody pays earn earn_points. Of what is paid all counts, and the
    -- points of a sale are rounded once.
    earn_points integer not null,
    earn_minor bigint not null,
    rounding loyalty.rounding not null default 'down',
    -- A sale of less earns nothing.
    minimum_spend_minor bigint not null default 0,
    -- What points are worth: redeem_points take redeem_minor off.
    redeem_points integer not null,
    redeem_minor bigint not null,
    minimum_redeem_points integer not null default 1,
    -- How many days after they were earned points expire; null: never.
    expires_after_days integer,
    -- How many days before they expire customers are told; 0: they are not told.
    notice_days integer not null default 14,
    -- Who bears what points take off: business or platform.
    bearer text not null default 'business',
    -- What a referral earns each side, once.
    referrer_points integer not null default 0,
    referred_points integer not null default 0,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),

    constraint programs_business_id_id_unique unique (business_id, id),
    -- A customer has one balance at a business.
    constraint programs_one_for_each_business unique (business_id),
    constraint programs_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint programs_earning_is_sane check (
        earn_points between 1 and 1000000 and earn_minor between 1 and 1000000000
        or private.invalid(
            'earn_points and earn_minor', 'must be from 1 to 1000000 and from 1 to 1000000000'
        )
    ),
    constraint programs_minimum_spend_is_sane check (
        minimum_spend_minor between 0 and 1000000000000
        or private.invalid('minimum_spend_minor', 'must be from 0 to 1000000000000 minor units')
    ),
    constraint programs_value_is_sane check (
        redeem_points between 1 and 1000000 and redeem_minor between 1 and 1000000000
        or private.invalid(
            'redeem_points and redeem_minor', 'must be from 1 to 1000000 and from 1 to 1000000000'
        )
    ),
    constraint programs_minimum_redemption_is_worth_something check (
        minimum_redeem_points between 1 and 1000000
        and minimum_redeem_points * redeem_minor >= redeem_points
        or private.invalid(
            'minimum_redeem_points', 'must be from 1 to 1000000 and worth one minor unit or more'
        )
    ),
    constraint programs_expiry_is_sane check (
        coalesce(expires_after_days between 1 and 3650, true)
        or private.invalid('expires_after_days', 'must be from 1 to 3650')
    ),
    constraint programs_notice_is_sane check (
        notice_days between 0 and 365
        or private.invalid('notice_days', 'must be from 0 to 365')
    ),
    constraint programs_rewards_are_sane check (
        referrer_points between 0 and 1000000 and referred_points between 0 and 1000000
        or private.invalid('referrer_points and referred_points', 'must be from 0 to 1000000')
    ),
    constraint programs_bearer_is_known check (bearer in ('business', 'platform'))
);
comment on table loyalty.programs is
'How a business gives points to whoever buys there, and what they are worth. A business has one.';
create index programs_currency_idx on loyalty.programs (currency);

-- When sales earn more: for members of a level, in a campaign, or both.
create table loyalty.multipliers (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    name text not null,
    -- 200: twice as many points.
    percent integer not null,
    -- Only for those who have access to something, such as the members of a plan; null: everybody.
    access text,
    -- Only for sales placed in the window; null: without a beginning, or an end.
    starts_at timestamptz,
    ends_at timestamptz,
    created_at timestamptz not null default now(),

    constraint multipliers_business_id_id_unique unique (business_id, id),
    constraint multipliers_name_unique unique (business_id, name),
    constraint multipliers_name_is_short check (
        length(btrim(name)) between 1 and 200 and private.is_one_line(name)
        or private.invalid('name', 'must have 1 to 200 printable characters')
    ),
    constraint multipliers_percent_is_sane check (
        percent between 101 and 1000 or private.invalid('percent', 'must be from 101 to 1000')
    ),
    constraint multipliers_access_is_a_word check (
        access is null
        or access ~ '^[a-z][a-z0-9_]{0,39}$'
        or private.invalid('access', 'must be a lower-case word of at most 40 characters')
    ),
    constraint multipliers_end_after_they_start check (
        coalesce(ends_at > starts_at, true)
        or private.invalid('ends_at', 'must be after starts_at')
    )
);
comment on table loyalty.multipliers is
'When sales earn more points: for the members of a level, in a window, or both.';

-- sql/26_loyalty/functions/accounts.sql

-- How points change. Whoever changes them locks the account first, so the changes of a customer
-- come one after another. Accounts are locked last, after everything else that a sale locks.

/*
 * Return the program of a business; no id if it has none.
 */
create function loyalty.program_of(business_id uuid)
returns loyalty.programs
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_program loyalty.programs;
begin
    select programs.* into v_program
    from loyalty.programs
    where programs.business_id = program_of.business_id;
    return v_program;
end;
$$;

/*
 * Return how many points a customer can redeem at an instant.
 */
create function loyalty.spendable(business_id uuid, customer_id uuid, at timestamptz)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select coalesce(sum(lots.points), 0)::bigint
        from loyalty.lots
        where
            lots.business_id = spendable.business_id
            and lots.customer_id = spendable.customer_id
            and lots.points > 0
            and coalesce(lots.expires_at > spendable.at, true)
    );
end;
$$;

/*
 * Lock the accounts of some customers of a business, in the order of their ids, and write down
 * what expired of them. Accounts are opened where there are none.
 */
create function loyalty.lock_accounts(business_id uuid, customer_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_customer_id uuid;
begin
    for v_customer_id in
        select distinct customer from unnest(customer_ids) as customer order by customer
    loop
        insert into loyalty.accounts (business_id, customer_id)
        values (lock_accounts.business_id, v_customer_id)
        on conflict do nothing;
        perform 1
        from loyalty.accounts
        where
            accounts.business_id = lock_accounts.business_id
            and accounts.customer_id = v_customer_id
        for update;
        perform loyalty.expire_lots(lock_accounts.business_id, v_customer_id);
    end loop;
end;
$$;

/*
 * Write down that lots of a locked account have expired.
 */
create function loyalty.expire_lots(business_id uuid, customer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot loyalty.lots;
begin
    for v_lot in
        select lots.*
        from loyalty.lots
        where
            lots.business_id = expire_lots.business_id
            and lots.customer_id = expire_lots.customer_id
            and lots.points > 0
            and lots.expires_at <= private.now()
        order by lots.expires_at, lots.id
    loop
        perform loyalty.write_entry(
            loyalty.make_entry(v_lot.business_id, v_lot.customer_id, 'expired'),
            v_lot.id, - v_lot.points
        );
    end loop;
end;
$$;

/*
 * Make an entry without its points: whose it is, and why.
 */
create function loyalty.make_entry(
    business_id uuid,
    customer_id uuid,
    kind loyalty.entry_kind,
    sale_id uuid default null,
    reason text default null,
    actor_id uuid default null
)
returns loyalty.entries
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_entry loyalty.entries;
begin
    v_entry.business_id = make_entry.business_id;
    v_entry.customer_id = make_entry.customer_id;
    v_entry.kind = make_entry.kind;
    v_entry.sale_id = make_entry.sale_id;
    v_entry.reason = make_entry.reason;
    v_entry.actor_id = make_entry.actor_id;
    return v_entry;
end;
$$;

/*
 * Write an entry of a locked account: a change of a lot or, without one, of the debt.
 */
create function loyalty.write_entry(entry loyalty.entries, lot_id uuid, points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into loyalty.entries (
        business_id, customer_id, lot_id, kind, points, sale_id, reason, actor_id, created_at
    )
    values (
        entry.business_id, entry.customer_id, write_entry.lot_id, entry.kind, write_entry.points,
        entry.sale_id, entry.reason, entry.actor_id, private.now()
    );
    update loyalty.lots
    set points = lots.points + write_entry.points
    where lots.business_id = entry.business_id and lots.id = write_entry.lot_id;
    update loyalty.accounts
    set
        points = accounts.points + case
            when write_entry.lot_id is null then 0 else write_entry.points
        end,
        debt_points = accounts.debt_points - case
            when write_entry.lot_id is null then write_entry.points else 0
        end
    where
        accounts.business_id = entry.business_id and accounts.customer_id = entry.customer_id;
end;
$$;

-- sql/26_loyalty/functions/changes.sql

-- The three ways in which points of a locked account change: a lot is added, points are taken from
-- the lots that expire first, and points that were taken come back into the lots that they were
-- taken from. The caller holds the lock of loyalty.lock_accounts.

/*
 * Add a lot of points that expires at an instant, or never. Returns its id.
 */
create function loyalty.add_points(
    entry loyalty.entries, points bigint, expires_at timestamptz
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot_id uuid;
begin
    insert into loyalty.lots (business_id, customer_id, expires_at, created_at)
    values (entry.business_id, entry.customer_id, add_points.expires_at, private.now())
    returning lots.id into v_lot_id;
    perform loyalty.write_entry(entry, v_lot_id, add_points.points);
    perform loyalty.repay_debt(entry.business_id, entry.customer_id);
    return v_lot_id;
end;
$$;

/*
 * Return when points that are earned now expire.
 */
create function loyalty.expiry_of(program loyalty.programs)
returns timestamptz
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.now() + make_interval(days => program.expires_after_days);
end;
$$;

/*
 * Take points: from a lot if one is given, then from those that expire first, and the rest becomes
 * debt.
 */
create function loyalty.take_points(
    entry loyalty.entries, points bigint, first_lot_id uuid default null
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_lot loyalty.lots;
    v_left bigint = points;
    v_part bigint;
begin
    for v_lot in
        select lots.*
        from loyalty.lots
        where
            lots.business_id = entry.business_id
            and lots.customer_id = entry.customer_id
            and lots.points > 0
        order by
            lots.id is distinct from take_points.first_lot_id,
            lots.expires_at nulls last,
            lots.created_at,
            lots.id
    loop
        exit when v_left = 0;
        v_part = least(v_left, v_lot.points);
        perform loyalty.write_entry(entry, v_lot.id, - v_part);
        v_left = v_left - v_part;
    end loop;
    if v_left > 0 then
        perform loyalty.write_entry(entry, null, - v_left);
    end if;
end;
$$;

/*
 * Give back points that a sale took: first what became debt, then into the lots that they were
 * taken from, the last to expire first. A lot that expired meanwhile loses them again, so nobody
 * makes points last longer by buying and giving back.
 */
create function loyalty.return_points(entry loyalty.entries, points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_taken record;
    v_left bigint = points;
    v_part bigint;
begin
    for v_taken in
        select entries.lot_id, - sum(entries.points) as points
        from loyalty.entries
        left join loyalty.lots
            on lots.business_id = entries.business_id and lots.id = entries.lot_id
        where
            entries.business_id = entry.business_id
            and entries.sale_id = entry.sale_id
            and entries.kind in ('redeemed', 'returned')
        group by entries.lot_id, lots.expires_at
        having sum(entries.points) < 0
        order by entries.lot_id is not null, lots.expires_at desc nulls first, entries.lot_id
    loop
        exit when v_left = 0;
        v_part = least(v_left, v_taken.points);
        perform loyalty.return_part(entry, v_taken.lot_id, v_part);
        v_left = v_left - v_part;
    end loop;
    perform loyalty.expire_lots(entry.business_id, entry.customer_id);
    perform loyalty.repay_debt(entry.business_id, entry.customer_id);
end;
$$;

/*
 * Give back a part of what a sale took, from a lot or from the debt. What of the debt was repaid
 * meanwhile comes back as a lot of its own.
 */
create function loyalty.return_part(entry loyalty.entries, lot_id uuid, points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_debt bigint;
begin
    if return_part.lot_id is not null then
        perform loyalty.write_entry(entry, return_part.lot_id, return_part.points);
        return;
    end if;
    select least(accounts.debt_points, return_part.points) into strict v_debt
    from loyalty.accounts
    where
        accounts.business_id = entry.business_id and accounts.customer_id = entry.customer_id;
    if v_debt > 0 then
        perform loyalty.write_entry(entry, null, v_debt);
    end if;
    if return_part.points > v_debt then
        perform loyalty.add_points(
            entry, return_part.points - v_debt,
            loyalty.expiry_of(loyalty.program_of(entry.business_id))
        );
    end if;
end;
$$;

/*
 * Repay the debt of a locked account from its lots, as far as they go.
 */
create function loyalty.repay_debt(business_id uuid, customer_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_repaid bigint;
    v_entry loyalty.entries = loyalty.make_entry(
        repay_debt.business_id, repay_debt.customer_id, 'repaid'
    );
begin
    select least(accounts.points, accounts.debt_points) into strict v_repaid
    from loyalty.accounts
    where
        accounts.business_id = repay_debt.business_id
        and accounts.customer_id = repay_debt.customer_id;
    if v_repaid > 0 then
        perform loyalty.take_points(v_entry, v_repaid);
        perform loyalty.write_entry(v_entry, null, v_repaid);
    end if;
end;
$$;

/*
 * Take back points that a lot was earned with: those that expired of it are gone already.
 */
create function loyalty.claw_back(entry loyalty.entries, points bigint, lot_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_expired bigint = (
        select least(claw_back.points, coalesce(- sum(entries.points), 0))::bigint
        from loyalty.entries
        where
            entries.business_id = entry.business_id
            and entries.lot_id = claw_back.lot_id
            and entries.kind = 'expired'
    );
begin
    if v_expired > 0 then
        perform loyalty.write_entry(
            loyalty.make_entry(entry.business_id, entry.customer_id, 'expired'),
            claw_back.lot_id, v_expired
        );
    end if;
    perform loyalty.take_points(entry, claw_back.points, claw_back.lot_id);
end;
$$;

/*
 * Refuse to use more points than somebody has.
 *
 * Errors:  PT409 insufficient_points
 */
create function loyalty.refuse_excess(points bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'insufficient_points',
        case
            when points > 0 then format('Only %s points are left.', points)
            else 'There are no points to redeem.'
        end,
        'Redeem fewer points.'
    );
end;
$$;

/*
 * Redeem points for a sale. Whoever redeems the same points at the same moment waits, and is then
 * refused.
 *
 * Errors:  PT409 insufficient_points
 */
create function loyalty.redeem(
    business_id uuid, customer_id uuid, sale_id uuid, points bigint
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_left bigint;
begin
    if redeem.customer_id is null then
        perform loyalty.refuse_excess(0);
    end if;
    perform loyalty.lock_accounts(redeem.business_id, array[redeem.customer_id]);
    v_left = loyalty.spendable(redeem.business_id, redeem.customer_id, private.now());
    if v_left < redeem.points then
        perform loyalty.refuse_excess(v_left);
    end if;
    perform loyalty.take_points(
        loyalty.make_entry(redeem.business_id, redeem.customer_id, 'redeemed', redeem.sale_id),
        redeem.points
    );
end;
$$;

-- sql/26_loyalty/rules.sql

-- What holds for points, whoever writes them.

create trigger _010_refuse_bad_input
before insert or update on loyalty.programs
for each row execute function business.any__refuse_bad_input('manage');

create trigger _010_refuse_bad_input
before insert or update on loyalty.multipliers
for each row execute function business.any__refuse_bad_input('manage');

create trigger _900_touch
before update on loyalty.programs
for each row execute function private.any__touch();

create trigger _100_refuse_rewriting
before update or delete on loyalty.entries
for each row
when (pg_trigger_depth() = 0)
execute function private.any__refuse_rewriting();

create trigger _110_refuse_emptying
before truncate on loyalty.entries
for each statement execute function private.any__refuse_rewriting();

/*
 * Refuse to delete a program of which customers have accounts.
 * Definer: whoever deletes it may not read every account.
 *
 * Errors:  PT409 in_use
 */
create function loyalty.programs__refuse_deletion()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if exists (
        select 1 from loyalty.accounts where accounts.business_id = old.business_id
    ) then
        perform private.refuse(
            'PT409', 'in_use', 'Customers have points.', 'Set is_active to false instead.'
        );
    end if;
    return old;
end;
$$;

create trigger _100_refuse_deletion
before delete on loyalty.programs
for each row
when (pg_trigger_depth() = 0)
execute function loyalty.programs__refuse_deletion();

-- sql/26_loyalty/policies.sql

-- Everybody reads the program of a business that is open; owners and managers write it. Customers
-- read their own points, and a business those of its customers, as they read the customers. Nobody
-- writes points: sales, refunds and adjust_points do, so that nobody makes them.

grant usage on schema loyalty to anon, authenticated, service_role;

alter table loyalty.programs enable row level security;
alter table loyalty.multipliers enable row level security;
alter table loyalty.accounts enable row level security;
alter table loyalty.lots enable row level security;
alter table loyalty.entries enable row level security;

grant select on loyalty.programs, loyalty.multipliers to anon, authenticated;
grant insert (
    id, business_id, name, is_active, currency, earn_points, earn_minor, rounding,
    minimum_spend_minor, redeem_points, redeem_minor, minimum_redeem_points, expires_after_days,
    notice_days, referrer_points, referred_points
) on loyalty.programs to authenticated;
-- The currency stays: points were earned in it. The operator says who bears what points take off.
grant update (
    id, business_id, name, is_active, earn_points, earn_minor, rounding, minimum_spend_minor,
    redeem_points, redeem_minor, minimum_redeem_points, expires_after_days, notice_days,
    referrer_points, referred_points
) on loyalty.programs to authenticated;
grant insert (id, business_id, name, percent, access, starts_at, ends_at)
on loyalty.multipliers to authenticated;
grant update (id, business_id, name, percent, access, starts_at, ends_at)
on loyalty.multipliers to authenticated;
grant delete on loyalty.programs, loyalty.multipliers to authenticated;
grant select on loyalty.accounts, loyalty.lots, loyalty.entries to authenticated;
grant select, insert, update, delete
on loyalty.programs, loyalty.multipliers, loyalty.accounts, loyalty.lots, loyalty.entries
to service_role;

create policy programs_select_public
on loyalty.programs
for select
to anon
using (
    is_active
    and exists (
        select 1
        from business.businesses
        where businesses.id = programs.business_id
    )
);

create policy programs_select
on loyalty.programs
for select
to authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = programs.business_id
    )
);

create policy programs_insert
on loyalty.programs
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy programs_update
on loyalty.programs
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy programs_delete
on loyalty.programs
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy multipliers_select
on loyalty.multipliers
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = multipliers.business_id
    )
);

create policy multipliers_insert
on loyalty.multipliers
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy multipliers_update
on loyalty.multipliers
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy multipliers_delete
on loyalty.multipliers
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy accounts_select
on loyalty.accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

create policy lots_select
on loyalty.lots
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

create policy entries_select
on loyalty.entries
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('serve')))
    or customer_id = any(array(select customers.mine()))
);

-- sql/26_loyalty/api.sql

-- Programs as clients read and write them, and points as they read them.

create view public.loyalty_programs
with (security_invoker = true)
as
select
    programs.id,
    programs.business_id,
    programs.name,
    programs.is_active,
    programs.currency,
    programs.earn_points,
    programs.earn_minor,
    programs.rounding,
    programs.minimum_spend_minor,
    programs.redeem_points,
    programs.redeem_minor,
    programs.minimum_redeem_points,
    programs.expires_after_days,
    programs.notice_days,
    programs.bearer,
    programs.referrer_points,
    programs.referred_points,
    programs.created_at,
    programs.updated_at
from loyalty.programs;
grant select on public.loyalty_programs to anon;
grant select, insert, update, delete on public.loyalty_programs to authenticated, service_role;

comment on view public.loyalty_programs is
'How a business gives points to whoever buys there, and what they are worth: one for each '
'business. Everybody reads those of open businesses; owners and managers write theirs. A change '
'applies to what is earned and redeemed later. A program is switched off, not deleted, once a '
'customer has an account of it. Page by (created_at, id).';
comment on column public.loyalty_programs.id is 'Key.';
comment on column public.loyalty_programs.business_id is
'The business. The program of the platform is that of its own business.';
comment on column public.loyalty_programs.name is
'1 to 200 characters; how points are called on the lines that they pay.';
comment on column public.loyalty_programs.is_active is
'Whether sales earn points. Points that were earned can be redeemed meanwhile.';
comment on column public.loyalty_programs.currency is
'ISO 4217 code. Sales in other currencies neither earn nor redeem. Cannot be changed.';
comment on column public.loyalty_programs.earn_points is
'How many points each earn_minor earns: 1 to 1000000.';
comment on column public.loyalty_programs.earn_minor is
'For which amount, in minor units: 1 to 1000000000.';
comment on column public.loyalty_programs.rounding is
'How the points of a sale are rounded, once: down, nearest or up.';
comment on column public.loyalty_programs.minimum_spend_minor is
'A sale that earns on less than this, in minor units, earns nothing.';
comment on column public.loyalty_programs.redeem_points is
'How many points take redeem_minor off: 1 to 1000000.';
comment on column public.loyalty_programs.redeem_minor is
'What redeem_points are worth, in minor units: 1 to 1000000000.';
comment on column public.loyalty_programs.minimum_redeem_points is
'How many points must be redeemed at once, at least.';
comment on column public.loyalty_programs.expires_after_days is
'How many days after they were earned points expire: 1 to 3650. Null: never.';
comment on column public.loyalty_programs.notice_days is
'How many days before points expire their customer is told: 0 to 365; 0: never.';
comment on column public.loyalty_programs.bearer is
'Who bears what points take off: business or platform. The operator says so.';
comment on column public.loyalty_programs.referrer_points is
'What a referral earns whoever referred somebody, once.';
comment on column public.loyalty_programs.referred_points is
'What a referral earns whoever was referred, once.';
comment on column public.loyalty_programs.created_at is 'When it was written.';
comment on column public.loyalty_programs.updated_at is 'When it changed last.';

create view public.loyalty_multipliers
with (security_invoker = true)
as
select
    multipliers.id,
    multipliers.business_id,
    multipliers.name,
    multipliers.percent,
    multipliers.access,
    multipliers.starts_at,
    multipliers.ends_at,
    multipliers.created_at
from loyalty.multipliers;
grant select on public.loyalty_multipliers to anon;
grant select, insert, update, delete on public.loyalty_multipliers to authenticated, service_role;

comment on view public.loyalty_multipliers is
'When sales earn more points: for the members of a level, in a window, or both. Of those that '
'apply when a sale is placed the highest counts. Everybody reads those of open businesses; owners '
'and managers write theirs. Page by (created_at, id).';
comment on column public.loyalty_multipliers.id is 'Key.';
comment on column public.loyalty_multipliers.business_id is 'The business.';
comment on column public.loyalty_multipliers.name is '1 to 200 characters, unique in its business.';
comment on column public.loyalty_multipliers.percent is
'101 to 1000; 200: twice as many points.';
comment on column public.loyalty_multipliers.access is
'Only for those who have access to this, such as the members of a plan. Null: everybody.';
comment on column public.loyalty_multipliers.starts_at is
'For sales placed from then on. Null: without a beginning.';
comment on column public.loyalty_multipliers.ends_at is
'For sales placed before then. Null: without an end.';
comment on column public.loyalty_multipliers.created_at is 'When it was written.';

create view public.loyalty_entries
with (security_invoker = true)
as
select
    entries.id,
    entries.business_id,
    entries.customer_id,
    entries.lot_id,
    entries.kind,
    entries.points,
    lots.expires_at,
    entries.sale_id,
    entries.reason,
    entries.created_at
from loyalty.entries
left join loyalty.lots on entries.business_id = lots.business_id and entries.lot_id = lots.id;
grant select on public.loyalty_entries to authenticated, service_role;

comment on view public.loyalty_entries is
'Every change of points. The sum of a customer''s entries is what they have, less what they owe. '
'Customers read theirs, members who serve those of their business. Page by (created_at, id).';
comment on column public.loyalty_entries.id is 'Key.';
comment on column public.loyalty_entries.business_id is 'The business.';
comment on column public.loyalty_entries.customer_id is 'Whose points, a row of customers.';
comment on column public.loyalty_entries.lot_id is
'What was earned at once and expires at once. Null: points that are owed.';
comment on column public.loyalty_entries.kind is
'earned: by a sale. clawed_back: the sale was refunded, in whole or in part; positive: that was '
'undone. redeemed: they paid a sale. returned: that sale was taken back, in whole or in part; '
'negative: that was undone. adjusted: by a member. referral: a reward. expired. repaid: new points '
'paid what was owed.';
comment on column public.loyalty_entries.points is 'Negative: fewer.';
comment on column public.loyalty_entries.expires_at is 'When the lot expires. Null: never.';
comment on column public.loyalty_entries.sale_id is
'The sale that earned or redeemed them. Null: none.';
comment on column public.loyalty_entries.reason is 'Why a member changed them; null otherwise.';
comment on column public.loyalty_entries.created_at is 'When they changed.';

create view public.loyalty_balances
with (security_invoker = true)
as
select
    accounts.business_id,
    accounts.customer_id,
    coalesce(spendable.points, 0)::bigint as points,
    accounts.debt_points,
    spendable.expires_at,
    coalesce(expiring.points, 0)::bigint as expiring_points
from loyalty.accounts
left join lateral (
    select
        sum(lots.points) as points,
        min(lots.expires_at) as expires_at
    from loyalty.lots
    where
        lots.business_id = accounts.business_id
        and lots.customer_id = accounts.customer_id
        and lots.points > 0
        and coalesce(lots.expires_at > (select private.now()), true)
) as spendable on true
left join lateral (
    select sum(lots.points) as points
    from loyalty.lots
    where
        lots.business_id = accounts.business_id
        and lots.customer_id = accounts.customer_id
        and lots.points > 0
        and lots.expires_at = spendable.expires_at
) as expiring on true;
grant select on public.loyalty_balances to authenticated, service_role;

comment on view public.loyalty_balances is
'How many points customers can redeem now. Customers read theirs, members who serve those of '
'their business. Page by (customer_id).';
comment on column public.loyalty_balances.business_id is 'The business.';
comment on column public.loyalty_balances.customer_id is 'Whose points, a row of customers.';
comment on column public.loyalty_balances.points is 'What can be redeemed now.';
comment on column public.loyalty_balances.debt_points is
'What refunds took back beyond what was left. Later points repay it first.';
comment on column public.loyalty_balances.expires_at is
'When the first of the points expire. Null: none do.';
comment on column public.loyalty_balances.expiring_points is 'How many of them expire then.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
