-- Who may read payouts: members who handle the money of a business theirs, the platform's finance
-- staff all. Nobody writes: functions request and execute. Only a decision is a row that finance
-- staff insert themselves, so that these policies judge it.

alter table money.payout_thresholds enable row level security;
alter table money.payout_accounts enable row level security;
alter table money.payout_runs enable row level security;
alter table money.payouts enable row level security;
alter table money.payout_transitions enable row level security;
alter table money.payout_decisions enable row level security;
alter table money.earnings enable row level security;
alter table money.open_earnings enable row level security;

-- provider_reference is nobody's to read.
grant select (
    business_id, currency, provider, status, missing, schedule, minimum_minor, hold_days,
    reserve_bps, reserve_days, created_at
) on money.payout_accounts to authenticated;
grant select (
    id, business_id, currency, amount_minor, status, requested_by, provider, failure, created_at,
    finished_at, earning_ids
) on money.payouts to authenticated;
grant select on money.payout_runs, money.earnings, money.open_earnings to authenticated;
grant select, insert (business_id, payout_id, decision, reason)
on money.payout_decisions to authenticated;
grant select on
money.payout_runs, money.payouts, money.payout_transitions, money.earnings, money.open_earnings
to service_role;
grant select, insert on money.payout_decisions to service_role;
-- The operator decides from which amount payouts need approval, and what is held back.
grant select, insert, update, delete on money.payout_thresholds to service_role;
grant select, update (status, hold_days, reserve_bps, reserve_days, minimum_minor)
on money.payout_accounts to service_role;

create policy payout_accounts_select
on money.payout_accounts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy payout_runs_select
on money.payout_runs
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy payouts_select
on money.payouts
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy earnings_select
on money.earnings
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy open_earnings_select
on money.open_earnings
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

create policy payout_decisions_select
on money.payout_decisions
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('account')))
    or (select private.is_platform_staff('finance'))
);

-- Finance staff decide in their own name, and never about what they requested.
create policy payout_decisions_insert
on money.payout_decisions
for insert
to authenticated
with check (
    decided_by = (select auth.uid())
    and (select private.is_platform_staff('finance'))
    and not exists (
        select 1
        from money.payouts
        where
            payouts.business_id = payout_decisions.business_id
            and payouts.id = payout_decisions.payout_id
            and payouts.requested_by = (select auth.uid())
    )
);

-- Whatever else allows it: not without a second factor.
create policy payout_decisions_insert_second_factor
on money.payout_decisions
as restrictive
for insert
to authenticated
with check (((select auth.jwt()) ->> 'aal') = 'aal2');

grant execute on function
money.commission_state(money.commissions),
money.request_payout(uuid, text),
money.refuse_own_payout(uuid, uuid),
money.decide_payout(uuid, money.payout_decision, text),
money.set_payout_account(uuid, text, text, money.payout_schedule, bigint)
to anon, authenticated, service_role;
grant execute on function
money.run_payouts(integer),
money.chase_payouts(),
money.start_payout(uuid),
money.record_payout(uuid, text, text, text),
money.start_recall(uuid),
money.reverse_payout(uuid),
money.start_payout_account(uuid, text),
money.note_payout_account(uuid, text, text),
money.record_payout_account(text, text, boolean, text[]),
money.transfers_of_file(uuid)
to worker;
-- The edge opens an account in the call of a business.
grant execute on function
money.start_payout_account(uuid, text),
money.note_payout_account(uuid, text, text),
money.record_payout_account(text, text, boolean, text[])
to edge;
grant execute on function money.statement(uuid, text, date) to anon, authenticated, service_role;

-- Analysts add up the ledger and the payouts, and see nobody's name.
grant select (id, kind, currency, business_id) on money.accounts to analyst;
grant select (number, business_id, cause_kind, booked_on) on money.transactions to analyst;
grant select (number, account_id, amount_minor) on money.entries to analyst;
grant select (business_id, currency, status, amount_minor, created_at) on money.payouts to analyst;

create policy accounts_select_analyst
on money.accounts
for select
to analyst
using (true);

create policy transactions_select_analyst
on money.transactions
for select
to analyst
using (true);

create policy entries_select_analyst
on money.entries
for select
to analyst
using (true);

create policy payouts_select_analyst
on money.payouts
for select
to analyst
using (true);
