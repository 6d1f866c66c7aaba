-- A company's buyers and the members of the business read an account; its papers are read by the
-- requester, by owners and managers, and by the platform's staff alone. Functions write accounts
-- and buyers. Approvers write the company's places; owners and managers write these too, and the
-- sizes of packs.

alter table commerce.wholesale_accounts enable row level security;
alter table commerce.wholesale_steps enable row level security;
alter table commerce.wholesale_history enable row level security;
alter table commerce.wholesale_documents enable row level security;
alter table commerce.wholesale_buyers enable row level security;
alter table commerce.wholesale_locations enable row level security;
alter table commerce.wholesale_packs enable row level security;

grant select on commerce.wholesale_accounts, commerce.wholesale_history,
commerce.wholesale_documents, commerce.wholesale_buyers, commerce.wholesale_steps
to authenticated, service_role;
grant select, delete on commerce.wholesale_locations, commerce.wholesale_packs to authenticated;
grant insert (
    id, business_id, wholesale_account_id, name, line1, line2, postal_code, city, region, country
), update (
    id, business_id, wholesale_account_id, name, line1, line2, postal_code, city, region, country
) on commerce.wholesale_locations to authenticated;
grant insert (business_id, variant_id, pack_size), update (business_id, variant_id, pack_size)
on commerce.wholesale_packs to authenticated;
grant select, insert, update, delete
on commerce.wholesale_locations, commerce.wholesale_packs to service_role;

create policy wholesale_accounts_select
on commerce.wholesale_accounts
for select
to authenticated
using (
    id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.seen_businesses()))
);

create policy wholesale_steps_select
on commerce.wholesale_steps
for select
to authenticated
using (true);

create policy wholesale_history_select
on commerce.wholesale_history
for select
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.seen_businesses()))
);

create policy wholesale_documents_select
on commerce.wholesale_documents
for select
to authenticated
using (
    (select private.is_platform_staff('support'))
    or wholesale_account_id in (
        select wholesale_accounts.id
        from commerce.wholesale_accounts
        where
            wholesale_accounts.requested_by = (select auth.uid())
            or wholesale_accounts.business_id in (select private.my_businesses('manage'))
    )
);

create policy wholesale_buyers_select
on commerce.wholesale_buyers
for select
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or id = any(array(select private.my_buyer_invitations()))
    or business_id = any(array(select private.my_businesses('serve')))
);

create policy wholesale_locations_select
on commerce.wholesale_locations
for select
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts()))
    or business_id = any(array(select private.my_businesses('serve')))
);

create policy wholesale_locations_insert
on commerce.wholesale_locations
for insert
to authenticated
with check (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
);

create policy wholesale_locations_update
on commerce.wholesale_locations
for update
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
)
with check (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
);

create policy wholesale_locations_delete
on commerce.wholesale_locations
for delete
to authenticated
using (
    wholesale_account_id = any(array(select private.my_wholesale_accounts('approver')))
    or business_id = any(array(select private.my_businesses('manage')))
);

create policy wholesale_packs_select
on commerce.wholesale_packs
for select
to authenticated
using (
    business_id = any(array(select private.seen_businesses()))
    or business_id in (
        select wholesale_accounts.business_id
        from commerce.wholesale_accounts
        where
            wholesale_accounts.id = any(array(select private.my_wholesale_accounts()))
            and wholesale_accounts.status = 'approved'
    )
);

create policy wholesale_packs_insert
on commerce.wholesale_packs
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy wholesale_packs_update
on commerce.wholesale_packs
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy wholesale_packs_delete
on commerce.wholesale_packs
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

grant execute on function
private.my_wholesale_accounts(text),
private.my_buyer_invitations(),
commerce.unpaid_of(commerce.orders)
to authenticated, service_role;

-- A call without sign-in is answered with not_signed_in.
grant execute on function
commerce.request_wholesale(uuid, text, text, text, text),
commerce.decide_wholesale(uuid, commerce.wholesale_status, text),
commerce.set_wholesale_terms(uuid, uuid, integer, bigint, bigint, integer),
commerce.invite_buyer(uuid, text, commerce.wholesale_role, bigint),
commerce.accept_buyer_invitation(uuid),
commerce.remove_buyer(uuid)
to anon, authenticated, service_role;
