-- The decision about a proposed change of a product: approved and applied, rejected or withdrawn.

/*
 * Return a proposed change, locked.
 * Definer: nobody has a right to lock proposals.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function commerce.lock_product_change(change_id uuid)
returns commerce.product_changes
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change commerce.product_changes;
begin
    select product_changes.* into v_change
    from commerce.product_changes
    where product_changes.id = change_id
    for update;
    if not found then
        perform private.token_user_id();
        perform private.refuse(
            'PT404', 'not_found', 'There is no such change.',
            'Check the id in the view product_changes.'
        );
    end if;
    return v_change;
end;
$$;

/*
 * Refuse a step for a change that was decided already.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_pending(change commerce.product_changes)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if change.status <> 'pending' then
        perform private.refuse(
            'PT409', 'invalid_transition', format('The change is %s already.', change.status),
            'Read it again in the view product_changes.'
        );
    end if;
end;
$$;

/*
 * Approve a change and apply it, or reject it with a reason. For platform staff. A change that can
 * no longer be applied stays pending.
 * Definer: nobody has a write grant on proposals.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition already_exists
 */
create function commerce.decide_product_change(change_id uuid, is_approved boolean, reason text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change constant commerce.product_changes = commerce.lock_product_change(change_id);
begin
    perform business.require_platform_staff(v_change.business_id, 'support');
    perform commerce.require_pending(v_change);
    if not is_approved and reason is null then
        perform private.invalid('reason', 'is required');
    end if;
    if is_approved then
        perform private.lock(array[v_change.business_id]);
        perform commerce.apply_change(v_change);
    end if;
    update commerce.product_changes
    set
        status = case when is_approved then 'approved' else 'rejected' end::commerce.change_status,
        reason = case when not is_approved then decide_product_change.reason end,
        decided_by = auth.uid(),
        decided_at = private.now()
    where product_changes.id = v_change.id;
end;
$$;

/*
 * Withdraw a change that still waits. For owners and managers.
 * Definer: nobody has a write grant on proposals.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.withdraw_product_change(change_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change constant commerce.product_changes = commerce.lock_product_change(change_id);
begin
    perform private.require_member(v_change.business_id, 'manage');
    perform commerce.require_pending(v_change);
    update commerce.product_changes
    set status = 'withdrawn', decided_by = auth.uid(), decided_at = private.now()
    where product_changes.id = v_change.id;
end;
$$;
