-- Two customers become one.

/*
 * Merge a customer into another of the same business, unless that is done already. Returns the id
 * of the customer who stays.
 * Definer: nobody writes what it moves; the caller is checked.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_merged
 */
create function crm.merge_customers(customer_id uuid, duplicate_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
-- Rows are compared as JSON, in which an instant has the zone of the session.
set timezone = 'UTC'
as $$
declare
    v_kept customers.customers = crm.require_customer(merge_customers.customer_id, 'manage');
    v_duplicate customers.customers = crm.require_customer(
        merge_customers.duplicate_id, 'manage'
    );
    v_merge crm.mergers;
begin
    if v_duplicate.id = v_kept.id or v_duplicate.business_id <> v_kept.business_id then
        perform private.invalid('duplicate_id', 'must be another customer of the same business');
    end if;
    perform crm.lock_customers(v_kept.business_id, array[v_kept.id, v_duplicate.id]);
    v_kept = crm.require_customer(v_kept.id, 'manage');
    v_duplicate = crm.require_customer(v_duplicate.id, 'manage');
    if v_duplicate.merged_into_id = v_kept.id then
        return v_kept.id;
    end if;
    if num_nonnulls(v_kept.merged_into_id, v_duplicate.merged_into_id) > 0 then
        perform private.refuse(
            'PT409', 'already_merged', 'One of them was merged into another customer before.',
            'Merge those that the view customers shows without merged_into_id.'
        );
    end if;
    v_merge = crm.record_merge(v_kept, v_duplicate);
    perform crm.keep_one_membership(v_merge);
    perform crm.move_credit(v_merge);
    perform crm.lock_points(v_merge);
    perform crm.move_all_rows(v_merge);
    perform crm.recount_points(v_merge);
    perform crm.take_debt_over(v_merge);
    perform crm.complete_contact(v_merge, v_kept, v_duplicate);
    return v_kept.id;
end;
$$;

/*
 * Lock customers until the transaction ends: against other mergers, what joins a membership, and
 * every row that is about to refer to them.
 */
create function crm.lock_customers(business_id uuid, customer_ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.lock(customer_ids);
    perform
    from customers.customers
    where
        customers.business_id = lock_customers.business_id
        and customers.id = any(customer_ids)
    order by customers.id
    for update;
end;
$$;

/*
 * Write a merger down, and point the duplicate at the customer who stays.
 */
create function crm.record_merge(kept customers.customers, duplicate customers.customers)
returns crm.mergers
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_merge crm.mergers;
begin
    insert into crm.mergers (business_id, customer_id, duplicate_id, merged_by, merged_at)
    values (kept.business_id, kept.id, duplicate.id, auth.uid(), private.now())
    returning mergers.* into v_merge;
    update customers.customers
    set merged_into_id = kept.id
    where customers.id = duplicate.id;
    return v_merge;
end;
$$;

/*
 * Move every row that refers to the duplicate, as crm.merge_rules says.
 */
create function crm.move_all_rows(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_rule crm.merge_rules;
begin
    for v_rule in
        select merge_rules.*
        from crm.merge_rules
        where merge_rules.action = 'move'
        order by merge_rules.relation, merge_rules.column_name
    loop
        perform crm.move_rows(merge, v_rule.relation, v_rule.column_name);
    end loop;
end;
$$;

/*
 * Give the customer who stays what only the duplicate's contact says.
 */
create function crm.complete_contact(
    merge crm.mergers, kept customers.customers, duplicate customers.customers
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_wanted jsonb = jsonb_strip_nulls(jsonb_build_object(
        'name', case when kept.name is null then duplicate.name end,
        'email', case when kept.email is null then duplicate.email end,
        'phone', case when kept.phone is null then duplicate.phone end
    ));
begin
    if v_wanted <> '{}' then
        perform crm.change_for_merge(merge, 'customers.customers', to_jsonb(kept), v_wanted);
    end if;
end;
$$;

/*
 * End one of two live memberships: that of the lower rank, or else that which is paid for less
 * long, or else the duplicate's. What it was paid for stays until the end of its period; it is not
 * renewed.
 */
create function crm.keep_one_membership(merge crm.mergers)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_second memberships.memberships;
    v_period memberships.membership_periods;
begin
    v_second = crm.second_membership(merge);
    if v_second.id is null then
        return;
    end if;
    perform crm.change_for_merge(
        merge, 'memberships.memberships', to_jsonb(v_second),
        jsonb_build_object(
            'closed_at', merge.merged_at, 'ends_at', merge.merged_at, 'renews_at', null,
            'next_plan_id', null
        )
    );
    for v_period in
        select membership_periods.*
        from memberships.membership_periods
        where
            membership_periods.business_id = v_second.business_id
            and membership_periods.membership_id = v_second.id
            and membership_periods.next_charge_at is not null
        for update
    loop
        perform crm.change_for_merge(
            merge, 'memberships.membership_periods', to_jsonb(v_period),
            jsonb_build_object('next_charge_at', null)
        );
    end loop;
end;
$$;

/*
 * Return the live membership that a merger ends, if both customers have one.
 */
create function crm.second_membership(merge crm.mergers)
returns memberships.memberships
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_live memberships.memberships[];
begin
    perform
    from memberships.memberships
    where
        memberships.business_id = merge.business_id
        and memberships.customer_id in (merge.customer_id, merge.duplicate_id)
        and memberships.renews
        and memberships.closed_at is null
    order by memberships.id
    for update;
    v_live = array(
        select memberships
        from memberships.memberships
        inner join memberships.membership_plans
            on
                membership_plans.business_id = memberships.business_id
                and membership_plans.id = memberships.plan_id
        where
            memberships.business_id = merge.business_id
            and memberships.customer_id in (merge.customer_id, merge.duplicate_id)
            and memberships.renews
            and memberships.closed_at is null
        order by
            memberships.is_over(memberships, merge.merged_at),
            membership_plans.rank desc,
            memberships.paid_until desc,
            memberships.customer_id = merge.duplicate_id
    );
    return v_live[2];
end;
$$;
