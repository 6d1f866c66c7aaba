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
