-- Proposing and deciding changes of published products.

create view public.product_changes
with (security_invoker = true)
as
select
    product_changes.id,
    product_changes.business_id,
    product_changes.product_id,
    product_changes.changes,
    product_changes.note,
    product_changes.status,
    product_changes.proposed_by,
    product_changes.proposed_at,
    product_changes.decided_by,
    product_changes.decided_at,
    product_changes.reason
from commerce.product_changes;
grant select on public.product_changes to authenticated, service_role;

comment on view public.product_changes is
'Changes of published products that were proposed to the platform, and what became of them.

Where the flag product_approval is on for a business, its published products change only so; until '
'a change is approved, everybody sees the product as it was. Read by the members of the business '
'and by platform staff.';
comment on column public.product_changes.id is 'Primary key.';
comment on column public.product_changes.business_id is 'The business that sells it.';
comment on column public.product_changes.product_id is 'The product.';
comment on column public.product_changes.changes is
'What was proposed: an array of rows as of bulk_upsert_products, without product.';
comment on column public.product_changes.note is 'What the proposer says about it, or null.';
comment on column public.product_changes.status is
'pending, approved (and applied), rejected or withdrawn.';
comment on column public.product_changes.proposed_by is 'Who proposed it; null after erasure.';
comment on column public.product_changes.proposed_at is 'When it was proposed.';
comment on column public.product_changes.decided_by is
'Who decided or withdrew it; null while pending and after erasure.';
comment on column public.product_changes.decided_at is 'When that was; null while pending.';
comment on column public.product_changes.reason is 'Why it was rejected, or null.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists in_use
 */
create function public.propose_product_change(
    product_id public.identifier, changes public.list, note text default null
)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_changes constant jsonb[] = private.to_objects(
        changes, 'changes', 200,
        '{name,description,category,brand,currency,tax_class,is_published,attributes,'
        'sku,options,price_minor,barcode,weight_grams,is_active,alert_threshold}'
    );
    v_id uuid;
    v_change public.product_changes;
begin
    if cardinality(v_changes) = 0 then
        perform private.invalid('changes', 'is required');
    end if;
    v_id = commerce.propose_product_change(
        private.to_identifier(product_id, 'product_id'), v_changes,
        private.to_text(note, 'note', 500)
    );
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = v_id;
    return v_change;
end;
$$;
comment on function public.propose_product_change is
'Propose a change of a product to the platform. For owners and managers.

The change is checked now and applied when it is approved. A change of the product that still '
'waits is withdrawn. Returns the change.

- product_id: the product.
- changes: an array of at most 200 rows as of bulk_upsert_products, without product.
- note: at most 500 characters for whoever decides.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'in_use 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition already_exists in_use
 */
create function public.approve_product_change(change_id public.identifier)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change public.product_changes;
begin
    perform commerce.decide_product_change(
        private.to_identifier(change_id, 'change_id'), true, null
    );
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = private.to_identifier(change_id, 'change_id');
    return v_change;
end;
$$;
comment on function public.approve_product_change is
'Approve a change of a product, and apply it. For platform staff.

Everything of it is applied, or nothing; what can no longer be applied stays pending.

- change_id: the change, which is pending.

Returns the change.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, already_exists 409, '
'in_use 409, invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.reject_product_change(change_id public.identifier, reason text)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change public.product_changes;
begin
    perform commerce.decide_product_change(
        private.to_identifier(change_id, 'change_id'), false,
        private.to_required_text(reason, 'reason', 500)
    );
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = private.to_identifier(change_id, 'change_id');
    return v_change;
end;
$$;
comment on function public.reject_product_change is
'Reject a change of a product. For platform staff.

- change_id: the change, which is pending.
- reason: why, at most 500 characters.

Returns the change.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition
 */
create function public.withdraw_product_change(change_id public.identifier)
returns public.product_changes
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change public.product_changes;
begin
    perform commerce.withdraw_product_change(private.to_identifier(change_id, 'change_id'));
    select product_changes.* into v_change
    from public.product_changes
    where product_changes.id = private.to_identifier(change_id, 'change_id');
    return v_change;
end;
$$;
comment on function public.withdraw_product_change is
'Withdraw a change of a product that still waits. For owners and managers.

- change_id: the change, which is pending.

Returns the change.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, '
'invalid_transition 409.';

grant execute on function
public.propose_product_change(public.identifier, public.list, text),
public.approve_product_change(public.identifier),
public.reject_product_change(public.identifier, text),
public.withdraw_product_change(public.identifier)
to anon, authenticated, service_role;
