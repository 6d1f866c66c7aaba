-- Who may read shipments, returns and changes of orders: whoever reads the order. Functions write
-- them. The settings of orders are the owners' and managers' to write.

alter table commerce.shipments enable row level security;
alter table commerce.shipment_items enable row level security;
alter table commerce.returns enable row level security;
alter table commerce.return_items enable row level security;
alter table commerce.return_replacements enable row level security;
alter table commerce.order_changes enable row level security;
alter table commerce.order_settings enable row level security;

grant select on
commerce.shipments,
commerce.shipment_items,
commerce.returns,
commerce.return_items,
commerce.return_replacements,
commerce.order_changes,
commerce.order_settings
to authenticated, service_role;
grant insert (business_id, return_days, unpaid_hours), update (return_days, unpaid_hours), delete
on commerce.order_settings to authenticated;
grant insert, update, delete on commerce.order_settings to service_role;

create policy shipments_select
on commerce.shipments
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy shipment_items_select
on commerce.shipment_items
for select
to authenticated
using (
    exists (
        select 1
        from commerce.shipments
        where
            shipments.business_id = shipment_items.business_id
            and shipments.id = shipment_items.shipment_id
    )
);

create policy returns_select
on commerce.returns
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy return_items_select
on commerce.return_items
for select
to authenticated
using (
    exists (
        select 1
        from commerce.returns
        where
            returns.business_id = return_items.business_id
            and returns.id = return_items.return_id
    )
);

create policy return_replacements_select
on commerce.return_replacements
for select
to authenticated
using (
    exists (
        select 1
        from commerce.returns
        where
            returns.business_id = return_replacements.business_id
            and returns.id = return_replacements.return_id
    )
);

create policy order_changes_select
on commerce.order_changes
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or order_id = any(array(select private.my_orders()))
);

create policy order_settings_select
on commerce.order_settings
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy order_settings_insert
on commerce.order_settings
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy order_settings_update
on commerce.order_settings
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy order_settings_delete
on commerce.order_settings
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.to_lines(text, text),
commerce.to_pieces(text, text),
commerce.to_additions(text, text),
commerce.to_required_additions(text, text),
commerce.to_decisions(text, text),
commerce.change_order(
    uuid, commerce.order_addition[], commerce.line_quantity[], text, integer, bigint
),
commerce.quote_change(uuid, commerce.order_addition[], commerce.line_quantity[]),
commerce.cancel_order(uuid, commerce.line_quantity[], text, integer),
commerce.complete_order(uuid),
commerce.fulfil_order(uuid),
commerce.pack_shipment(uuid, commerce.item_quantity[]),
commerce.send_shipment(uuid, text, text, text),
commerce.deliver_shipment(uuid),
commerce.lose_shipment(uuid),
commerce.request_return(
    uuid, commerce.line_quantity[], commerce.return_kind, commerce.return_resolution, text,
    commerce.order_addition[]
),
commerce.approve_return(uuid, text),
commerce.reject_return(uuid, text),
commerce.receive_return(uuid, uuid, boolean, commerce.return_decision[]),
commerce.update_orders(uuid[], text, text)
to anon, authenticated, service_role;
grant execute on function
commerce.to_return_kind(text),
commerce.to_resolution(text, text),
commerce.to_replacements(text, text),
commerce.look_up_order(text, text),
commerce.request_order_code(text, text),
commerce.cancel_as_guest(text, text, commerce.line_quantity[], text),
commerce.return_as_guest(
    text, text, commerce.line_quantity[], commerce.return_kind, commerce.return_resolution, text,
    commerce.order_addition[]
),
commerce.order_by_link(uuid, text),
commerce.claim_guest_orders()
to anon, authenticated, service_role;
-- The page behind the link of a mail.
grant usage on schema commerce to edge;
grant execute on function commerce.order_by_link(uuid, text) to edge;
grant execute on function commerce.apply_due_steps(integer) to worker;
