-- Who may read payments. The payer and the platform's finance see a payment; a business sees the
-- parts that pay its sales, and its own refunds and disputes. Nobody writes: functions do. What
-- identifies a payment at its provider, and what its payer's browser got, is nobody's to read.

grant usage on schema money to anon, authenticated, service_role, edge, worker;

alter table money.providers enable row level security;
alter table money.payment_settings enable row level security;
alter table money.payment_ranges enable row level security;
alter table money.payment_methods enable row level security;
alter table money.provider_customers enable row level security;
alter table money.payments enable row level security;
alter table money.payment_transitions enable row level security;
alter table money.payment_parts enable row level security;
alter table money.refunds enable row level security;
alter table money.refund_parts enable row level security;
alter table money.refund_lines enable row level security;
alter table money.disputes enable row level security;
alter table money.payment_links enable row level security;
alter table money.guarantees enable row level security;
-- Without a policy: functions alone read the inbox, who is known to a provider, who is saving a
-- card, how far a provider's list was compared, and who asked for a call, which the audit trail
-- shows.
alter table money.method_setups enable row level security;
alter table money.methods_to_forget enable row level security;
alter table money.provider_events enable row level security;
alter table money.payment_findings enable row level security;
alter table money.reconciliations enable row level security;
alter table money.requested_calls enable row level security;

grant select on money.providers to anon, authenticated;
-- sells_platform_gift_cards is the operator's to write.
grant
select,
insert (
    business_id, providers, capture, prepayment_bps, accepts_platform_gift_cards,
    gift_card_valid_months, breakage_release_days
),
update (
    providers, capture, prepayment_bps, accepts_platform_gift_cards, gift_card_valid_months,
    breakage_release_days
),
delete
on money.payment_settings
to authenticated;
grant select on money.payment_settings, money.payment_ranges to anon;
grant select, insert (business_id, provider, currency, min_minor, max_minor), delete
on money.payment_ranges
to authenticated;
grant update (min_minor, max_minor) on money.payment_ranges to authenticated;
grant select (id, user_id, provider, brand, last4, expires_on, created_at, removed_at)
on money.payment_methods to authenticated;
grant select (
    id, basket_id, payer_id, provider, method_id, currency, amount_minor, capture,
    to_capture_minor, captured_minor, refunded_minor, status, failure, expires_at, created_at,
    updated_at
) on money.payments to authenticated;
grant select on money.payment_parts, money.refund_parts, money.refund_lines to authenticated;
grant select (
    id, business_id, payment_id, currency, amount_minor, status, reason, requested_by, failure,
    created_at, finished_at
) on money.refunds to authenticated;
grant select (
    id, business_id, sale_id, payment_id, currency, amount_minor, status, opened_at, closed_at
) on money.disputes to authenticated;
grant select (
    id, business_id, sale_id, amount_minor, expires_at, created_by, created_at, revoked_at
) on money.payment_links to authenticated;
grant select on money.guarantees to authenticated;
grant select on money.payment_findings to authenticated;

grant select, insert, update, delete on
money.providers, money.payment_settings, money.payment_ranges, money.payment_methods,
money.provider_customers, money.method_setups, money.methods_to_forget, money.payments,
money.payment_transitions, money.payment_parts, money.refunds, money.refund_parts,
money.refund_lines, money.disputes, money.payment_links, money.guarantees,
money.provider_events, money.payment_findings, money.reconciliations,
money.requested_calls
to service_role;

grant execute on function private.my_payments() to authenticated, service_role;
grant execute on function
money.start_call(money.provider_call, uuid),
money.finish_call(money.provider_call, uuid, jsonb),
money.release_call(money.provider_call, uuid),
money.receive_events(jsonb, bytea[])
to edge, worker;
grant execute on function money.started_call(money.provider_call, uuid) to edge;
grant execute on function
money.apply_event(uuid),
money.settle_sale(uuid, uuid),
money.retry_events(),
money.sweep_payments(),
money.tell_of_expiring_methods(),
money.reconcile_from(text),
money.reconcile_payment(text, jsonb),
money.finish_reconciliation(text, timestamptz)
to worker;
grant execute on function
money.cancel_payment(uuid),
money.capture_payment(uuid, bigint),
money.refund_payment(uuid, uuid, bigint, jsonb, text),
money.record_cash(uuid, bigint),
money.add_tip(uuid, bigint),
money.charge_fee(uuid, text, bigint),
money.guarantee_sale(uuid, uuid),
money.charge_guarantee_again(uuid),
money.begin_setup(text, text, text),
money.own_setup(uuid),
money.check_setup(uuid),
money.remove_method(uuid),
money.create_link(uuid, bigint, timestamptz),
money.to_amount(text, text)
to anon, authenticated, service_role;

create policy providers_select
on money.providers
for select
to anon, authenticated
using (is_enabled);

create policy payment_settings_select
on money.payment_settings
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = payment_settings.business_id
    )
);

create policy payment_settings_insert
on money.payment_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy payment_settings_update
on money.payment_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy payment_settings_delete
on money.payment_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy payment_ranges_select
on money.payment_ranges
for select
to anon, authenticated
using (
    exists (
        select 1
        from business.businesses
        where businesses.id = payment_ranges.business_id
    )
);

create policy payment_ranges_insert
on money.payment_ranges
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy payment_ranges_update
on money.payment_ranges
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy payment_ranges_delete
on money.payment_ranges
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

create policy payment_methods_select
on money.payment_methods
for select
to authenticated
using (user_id = (select auth.uid()));

create policy payments_select
on money.payments
for select
to authenticated
using (
    payer_id = (select auth.uid())
    or (select private.is_platform_staff('finance'))
);

create policy payment_parts_select
on money.payment_parts
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or payment_id = any(array(select private.my_payments()))
    or sale_id = any(array(select private.my_sales()))
);

create policy refunds_select
on money.refunds
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or payment_id = any(array(select private.my_payments()))
);

create policy refund_parts_select
on money.refund_parts
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or payment_id = any(array(select private.my_payments()))
    or sale_id = any(array(select private.my_sales()))
);

create policy refund_lines_select
on money.refund_lines
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or exists (
        select 1
        from money.refunds
        where
            refunds.business_id = refund_lines.business_id
            and refunds.id = refund_lines.refund_id
    )
);

-- Not the payer: their bank tells them.
create policy disputes_select
on money.disputes
for select
to authenticated
using (business_id = any(array(select private.seen_businesses())));

create policy payment_links_select
on money.payment_links
for select
to authenticated
using (business_id in (select private.my_businesses('serve')));

create policy guarantees_select
on money.guarantees
for select
to authenticated
using (
    business_id in (select private.my_businesses('serve'))
    or sale_id = any(array(select private.my_sales()))
);

create policy payment_findings_select
on money.payment_findings
for select
to authenticated
using ((select private.is_platform_staff('finance')));
