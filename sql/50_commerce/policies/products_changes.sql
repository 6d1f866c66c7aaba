-- Members read what was proposed for their products, platform staff read all of it. Only the
-- functions write it.

alter table commerce.product_changes enable row level security;
grant select on table commerce.product_changes to authenticated, service_role;

create policy product_changes_select
on commerce.product_changes
for select
to authenticated
using (
    business_id = any(array(select private.my_businesses('view')))
    or (select private.is_platform_staff('support'))
);

-- A call without sign-in is answered with not_signed_in. The triggers of products ask as the caller
-- whether a change needs approval.
grant execute on function
commerce.propose_product_change(uuid, jsonb[], text),
commerce.decide_product_change(uuid, boolean, text),
commerce.withdraw_product_change(uuid),
commerce.needs_approval(uuid),
commerce.refuse_unapproved()
to anon, authenticated, service_role;
