-- What a business is paid. Everything that it earned, and everything that is taken from it, is a
-- row of `earnings`; a payout is a set of them that adds up to more than nothing. So a negative
-- balance needs no rule: its rows stay until later earnings outweigh them.

create type money.earning_kind as enum (
    -- A delivered line, and what refunds took back of one.
    'line', 'reversal',
    -- A share in the commission of another business.
    'commission',
    -- Cash that the business took itself, and what a payer's bank took back for good.
    'cash', 'dispute',
    -- Kept for a while against refunds, and what becomes free of it.
    'reserve', 'release',
    -- Credit that the business gave, once it is spent.
    'credit',
    -- The tax of gift cards that are taxed when they are sold, and what returns of it.
    'gift_card_tax',
    -- What was left on expired gift cards, once it is the business's own, and what returns to them.
    'breakage'
);
create type money.payout_account_status as enum ('pending', 'active', 'restricted', 'rejected');
create type money.payout_schedule as enum ('each', 'daily', 'weekly', 'monthly', 'on_demand');
create type money.payout_status as enum (
    'pending', 'approved', 'rejected', 'in_transit', 'paid', 'failed', 'reversed'
);
create type money.payout_decision as enum ('approve', 'reject');

-- Does it pay businesses out?
alter table money.providers add column pays_out boolean not null default false;
-- Does the operator make its transfers, with a file for their bank?
alter table money.providers add column is_by_hand boolean not null default false;

create table money.payout_thresholds (
    currency text primary key references pricing.currencies (code) on delete restrict,
    -- A payout of this amount or more waits for the platform's finance staff.
    approval_from_minor bigint not null,

    constraint payout_thresholds_not_negative check (approval_from_minor >= 0)
);
comment on table money.payout_thresholds is
'From which amount a payout needs approval. Without a row every payout does.';

create table money.payout_accounts (
    business_id uuid not null references business.businesses (id) on delete restrict,
    currency text not null references pricing.currencies (code) on delete restrict,
    provider text not null references money.providers (name) on delete restrict,
    -- The provider's id of the account; null until it is opened.
    provider_reference text,
    status money.payout_account_status not null default 'pending',
    -- What the provider still asks the business for.
    missing text array not null default '{}',
    schedule money.payout_schedule not null default 'weekly',
    minimum_minor bigint not null default 1,
    -- How long earnings wait before they can be paid out, for refunds to come first.
    hold_days integer not null default 2,
    -- The share of each line that is kept, and for how long.
    reserve_bps integer not null default 0,
    reserve_days integer not null default 90,
    created_at timestamptz not null default now(),

    primary key (business_id, currency),
    constraint payout_accounts_reference_unique unique (provider, provider_reference),
    constraint payout_accounts_are_opened_before_active check (
        status = 'pending' or provider_reference is not null
    ),
    constraint payout_accounts_minimum_is_positive check (
        minimum_minor > 0 or private.invalid('minimum_minor', 'must be positive')
    ),
    constraint payout_accounts_hold_is_sane check (
        hold_days between 0 and 90 or private.invalid('hold_days', 'must be from 0 to 90')
    ),
    constraint payout_accounts_reserve_is_sane check (
        reserve_bps between 0 and 10000 and reserve_days between 1 and 365
        or private.invalid(
            'reserve_bps and reserve_days', 'must be from 0 to 10000 and from 1 to 365'
        )
    )
);
comment on table money.payout_accounts is
'Where a business is paid in a currency, when, and what is held back.';
create index payout_accounts_currency_idx on money.payout_accounts (currency);

-- A table of its own, because a run writes each row that it looks at, and the trail keeps every
-- change of an account.
create table money.payout_runs (
    business_id uuid not null,
    currency text not null,
    -- Infinity where payouts are made on demand.
    next_run_at timestamptz not null,

    primary key (business_id, currency),
    constraint payout_runs_account_fkey foreign key (business_id, currency)
    references money.payout_accounts (business_id, currency) on delete cascade
);
comment on table money.payout_runs is
'When a run looks at a payout account next. Whoever makes payouts of an account locks its row.';
-- The accounts that a run of payouts looks at.
create index payout_runs_due_idx on money.payout_runs (next_run_at);

create table money.payouts (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null,
    currency text not null,
    amount_minor bigint not null,
    -- How much of it comes out of the reserve.
    released_minor bigint not null default 0,
    status money.payout_status not null,
    -- Null: the schedule, or the operator.
    requested_by uuid references auth.users (id) on delete set null,
    provider text not null,
    provider_reference text,
    failure text,
    created_at timestamptz not null,
    finished_at timestamptz,
    -- When a worker was sent after it again, because it had not moved for an hour.
    chased_at timestamptz,
    -- What it consists of. They come out of open_earnings, so two live payouts never have the same
    -- one. A row for each would cost a run as much as everything else that it writes.
    earning_ids uuid array not null,
    -- The file in which the operator got it, and the sealed number to which it is transferred then.
    file_id uuid,
    secret_id uuid,

    constraint payouts_business_id_id_unique unique (business_id, id),
    constraint payouts_account_fkey foreign key (business_id, currency)
    references money.payout_accounts (business_id, currency) on delete restrict,
    constraint payouts_reference_unique unique (provider, provider_reference),
    constraint payouts_amount_is_positive check (amount_minor > 0)
);
comment on table money.payouts is 'What a business is paid, and how far it came.';
create index payouts_business_id_idx on money.payouts (business_id, created_at, id);
create index payouts_account_idx on money.payouts (business_id, currency);
create index payouts_requested_by_idx on money.payouts (requested_by)
where requested_by is not null;
create index payouts_file_idx on money.payouts (file_id)
where file_id is not null;
-- Those that wait for somebody.
create index payouts_open_idx on money.payouts (created_at, id)
where status in ('pending', 'approved', 'in_transit', 'failed');

create table money.payout_transitions (
    from_status money.payout_status not null,
    to_status money.payout_status not null,

    primary key (from_status, to_status)
);
comment on table money.payout_transitions is 'The life of a payout: every step that exists.';

create table money.payout_decisions (
    business_id uuid not null,
    payout_id uuid not null,
    decision money.payout_decision not null,
    reason text,
    -- Null: the operator. No reference: the record outlives the user.
    decided_by uuid default auth.uid(),
    decided_at timestamptz not null default private.now(),

    primary key (business_id, payout_id),
    constraint payout_decisions_payout_fkey foreign key (business_id, payout_id)
    references money.payouts (business_id, id) on delete restrict,
    constraint payout_decisions_rejections_have_a_reason check (
        decision = 'approve' or reason is not null
    )
);
comment on table money.payout_decisions is
'Who approved or rejected a payout, and why. Writing a row takes the step.';

create table money.earnings (
    id uuid not null default gen_random_uuid(),
    -- The business that is paid, or pays.
    business_id uuid not null references business.businesses (id) on delete restrict,
    currency text not null,
    kind money.earning_kind not null,
    sale_id uuid,
    sale_line_id uuid,
    -- The commission of which this is the share. No reference: it is another business's.
    commission_id uuid,
    amount_minor bigint not null,
    earned_at timestamptz not null,

    primary key (business_id, id),
    constraint earnings_line_fkey foreign key (business_id, sale_line_id)
    references money.line_terms (business_id, sale_line_id) on delete restrict,
    constraint earnings_sale_fkey foreign key (business_id, sale_id)
    references sales.sales (business_id, id) on delete restrict,
    constraint earnings_move_something check (amount_minor <> 0)
);
comment on table money.earnings is
'What a business earned, and what is taken from it. Only ever added to.';
create index earnings_line_idx on money.earnings (business_id, sale_line_id)
where sale_line_id is not null;
create index earnings_sale_idx on money.earnings (business_id, sale_id)
where sale_id is not null;

create table money.open_earnings (
    business_id uuid not null,
    earning_id uuid not null,
    currency text not null,
    sale_id uuid,
    amount_minor bigint not null,
    -- From when it can be paid out; null until the customer has paid the sale.
    available_at timestamptz,
    -- Does it come out of the reserve?
    is_release boolean not null default false,

    primary key (business_id, earning_id),
    constraint open_earnings_earning_fkey foreign key (business_id, earning_id)
    references money.earnings (business_id, id) on delete restrict
);
comment on table money.open_earnings is
'The earnings that no live payout has. A payout takes them out, so two never have the same one.';
-- What becomes available when a sale is paid.
create index open_earnings_unpaid_idx on money.open_earnings (sale_id)
where available_at is null;
