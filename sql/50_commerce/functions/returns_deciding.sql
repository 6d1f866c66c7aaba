-- What the business does with a return: it approves or rejects it, and receives its pieces.

/*
 * Lock a return with its order for a member of the business. Returns it as it is now.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.lock_return(return_id uuid)
returns commerce.returns
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_return commerce.returns;
begin
    select returns.* into v_return
    from commerce.returns
    where returns.id = lock_return.return_id;
    perform commerce.lock_order(v_return.order_id, '{business}');
    select returns.* into v_return
    from commerce.returns
    where returns.id = lock_return.return_id;
    return v_return;
end;
$$;

/*
 * Refuse a step that a return cannot take.
 *
 * Errors:  PT409 invalid_transition
 */
create function commerce.require_return_status(
    asked commerce.returns, from_status commerce.return_status, act text
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if asked.status <> from_status then
        perform private.refuse(
            'PT409', 'invalid_transition',
            format('A return that is %s cannot be %s.', asked.status, act),
            'Read the return again and check its status.'
        );
    end if;
end;
$$;

/*
 * Reject a return: its pieces stay with the customer.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 invalid_transition
 */
create function commerce.reject_return(return_id uuid, note text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'requested', 'rejected');
    update commerce.returns
    set status = 'rejected', decision_note = note, decided_at = private.now()
    where returns.id = v_return.id;
    perform commerce.record_event(
        commerce.order_now(v_return.order_id), 'return_rejected', reject_return.note
    );
end;
$$;

/*
 * Approve a return. A claim is settled at once: its pieces are replaced, or their price is given
 * back.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition out_of_stock
 */
create function commerce.approve_return(return_id uuid, note text)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'requested', 'approved');
    update commerce.returns
    set status = 'approved', decision_note = note, decided_at = private.now()
    where returns.id = v_return.id;
    perform commerce.record_event(
        commerce.order_now(v_return.order_id), 'return_approved', approve_return.note
    );
    if v_return.kind = 'claim' then
        perform commerce.settle_return(v_return);
    end if;
end;
$$;

/*
 * Receive the pieces of a return: into the stock of a store, of the one they came from where none
 * is named, or into none if they cannot be sold again. `decisions` say it for single items.
 * Definer: nobody has a write grant on returns; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 invalid_transition not_for_sale out_of_stock
 */
create function commerce.receive_return(
    return_id uuid,
    store_id uuid,
    restocks boolean,
    decisions commerce.return_decision[]
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_return constant commerce.returns = commerce.lock_return(return_id);
begin
    perform commerce.require_return_status(v_return, 'approved', 'received');
    perform commerce.require_decisions(v_return, receive_return.store_id, decisions);
    update commerce.return_items
    set
        store_id = coalesce(decision.store_id, receive_return.store_id, order_items.store_id),
        is_restocked = coalesce(decision.is_restocked, restocks)
    from commerce.order_items
    left join unnest(decisions) as decision on decision.order_item_id = order_items.id
    where
        return_items.business_id = v_return.business_id
        and return_items.return_id = v_return.id
        and order_items.id = return_items.order_item_id;
    perform commerce.settle_return(v_return);
end;
$$;

/*
 * Refuse stores of other businesses, and items that a return does not have.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found
 */
create function commerce.require_decisions(
    asked commerce.returns, store_id uuid, decisions commerce.return_decision[]
)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_store_id uuid;
begin
    for v_store_id in
        select require_decisions.store_id
        where require_decisions.store_id is not null
        union
        select decision.store_id
        from unnest(decisions) as decision
        where decision.store_id is not null
    loop
        if asked.business_id <> commerce.business_of_store(v_store_id, 'serve') then
            perform private.invalid('store_id', 'must be a store of the same business');
        end if;
    end loop;
    if exists (
        select decision.order_item_id
        from unnest(decisions) as decision
        except
        select return_items.order_item_id
        from commerce.return_items
        where
            return_items.business_id = asked.business_id
            and return_items.return_id = asked.id
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such item in this return.',
            'Check order_item_id in the view return_items.'
        );
    end if;
end;
$$;
