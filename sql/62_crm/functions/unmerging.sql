-- A merger is undone from what it wrote down.

/*
 * Undo a merger, unless that is done already. What was written since stays with the customer who
 * stayed; rows that changed since stay as they are. Returns the id of the customer who is on their
 * own again.
 * Definer: as crm.merge_customers.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 already_merged
 */
create function crm.unmerge_customers(merge_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
set timezone = 'UTC'
as $$
declare
    v_merge crm.mergers = crm.require_merge(unmerge_customers.merge_id);
begin
    perform crm.lock_customers(
        v_merge.business_id, array[v_merge.customer_id, v_merge.duplicate_id]
    );
    v_merge = crm.require_merge(unmerge_customers.merge_id);
    if v_merge.undone_at is not null then
        return v_merge.duplicate_id;
    end if;
    if not exists (
        select 1
        from customers.customers
        where
            customers.id = v_merge.duplicate_id
            and customers.merged_into_id = v_merge.customer_id
    ) then
        perform private.refuse(
            'PT409', 'already_merged', 'The customer who stayed was merged into another one since.',
            'Undo the later merger first.'
        );
    end if;
    update customers.customers
    set merged_into_id = null
    where customers.id = v_merge.duplicate_id;
    perform crm.lock_points(v_merge);
    perform crm.change_rows_back(v_merge);
    perform crm.recount_points(v_merge);
    perform crm.return_credit(v_merge);
    update crm.mergers
    set undone_at = private.now(), undone_by = auth.uid()
    where mergers.id = v_merge.id;
    return v_merge.duplicate_id;
end;
$$;

/*
 * Return a merger of a business that the caller manages.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function crm.require_merge(merge_id uuid)
returns crm.mergers
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_merge crm.mergers;
begin
    select mergers.* into v_merge from crm.mergers where mergers.id = require_merge.merge_id;
    if v_merge.id is not null then
        perform crm.require_customer(v_merge.customer_id, 'manage');
        return v_merge;
    end if;
    if not private.is_operator() then
        perform private.token_user_id();
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such merger.',
        'Check the id in the view customer_merges.'
    );
end;
$$;

/*
 * Change the rows of a merger back, the last one first.
 */
create function crm.change_rows_back(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_change crm.merge_changes;
begin
    for v_change in
        select merge_changes.*
        from crm.merge_changes
        where
            merge_changes.business_id = merge.business_id
            and merge_changes.merge_id = merge.id
            -- Erasing empties what was personal.
            and merge_changes.before <> '{}'
        order by merge_changes.number desc
    loop
        perform crm.change_row(
            v_change.relation::regclass, v_change.key, v_change.after, v_change.before
        );
    end loop;
end;
$$;
