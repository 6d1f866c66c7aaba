-- How a change of a published product is proposed, decided and applied. It is applied by the same
-- function as a bulk change, so it is all there or not at all.

/*
 * Do the published products of a business change only with the platform's approval? The operator
 * and the platform's staff need none.
 */
create function commerce.needs_approval(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return private.flag('product_approval', business_id::text)
        and not private.is_operator()
        and not private.is_platform_staff('support');
end;
$$;

/*
 * Return rows of a bulk change for one product, whose slug they get.
 */
create function commerce.rows_of_product(slug text, changes jsonb)
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select sent.item || jsonb_build_object('product', slug)
        from jsonb_array_elements(changes) with ordinality as sent (item, position)
        order by sent.position
    );
end;
$$;

/*
 * Apply a proposed change.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function commerce.apply_change(change commerce.product_changes)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_slug constant text = (
        select products.slug
        from catalog.products
        where products.business_id = change.business_id and products.id = change.product_id
    );
begin
    perform commerce.refuse_bulk(
        array(
            select imported
            from commerce.try_rows(
                change.business_id,
                commerce.numbered_rows(commerce.rows_of_product(v_slug, change.changes))
            ) as imported
        )
    );
end;
$$;

/*
 * Propose a change of a product. The change is checked by being applied and undone. A proposal that
 * still waits is withdrawn by the new one. Returns the id of the change.
 * Definer: nobody has a write grant on proposals, and the product stays as it is.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists
 */
create function commerce.propose_product_change(product_id uuid, changes jsonb[], note text)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_change commerce.product_changes;
begin
    v_change.business_id = commerce.business_of_product(product_id);
    v_change.product_id = propose_product_change.product_id;
    v_change.changes = to_jsonb(propose_product_change.changes);
    perform private.lock(array[v_change.business_id]);
    perform commerce.rehearse_change(v_change);
    update commerce.product_changes
    set status = 'withdrawn', decided_by = private.token_user_id(), decided_at = private.now()
    where
        product_changes.business_id = v_change.business_id
        and product_changes.product_id = v_change.product_id
        and product_changes.status = 'pending';
    insert into commerce.product_changes (
        business_id, product_id, changes, note, proposed_by, proposed_at
    )
    values (
        v_change.business_id, v_change.product_id, v_change.changes,
        propose_product_change.note, private.token_user_id(), private.now()
    )
    returning product_changes.id into v_change.id;
    return v_change.id;
end;
$$;

/*
 * Return the business of a product in which the caller may manage.
 * Definer: it must tell a product that does not exist from one of a business that refuses the
 * caller.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function commerce.business_of_product(product_id uuid)
returns uuid
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select products.business_id
        from catalog.products
        where products.id = business_of_product.product_id
    );
begin
    perform private.token_user_id();
    if v_business_id is null then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.', 'Check the id in the view products.'
        );
    end if;
    perform private.require_member(v_business_id, 'manage');
    return v_business_id;
end;
$$;

/*
 * Refuse a change that could not be applied now. Nothing of it stays.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function commerce.rehearse_change(change commerce.product_changes)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform commerce.apply_change(change);
    raise exception using errcode = 'FD000', message = 'The rehearsal is undone.';
exception
    when sqlstate 'FD000' then
        null;
end;
$$;

/*
 * Mark the rows of a bulk change that need the platform's approval: those of published products,
 * and those that publish one.
 */
create function commerce.rows_with_approval(business_id uuid, sent_rows jsonb[])
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if not commerce.needs_approval(business_id) then
        return sent_rows;
    end if;
    return array(
        select
            case
                when products.is_published or sent.item ->> 'is_published' in ('true', 't')
                    then sent.item || '{"needs_approval": true}'
                else sent.item
            end
        from unnest(sent_rows) with ordinality as sent (item, position)
        left join catalog.products
            on
                products.business_id = rows_with_approval.business_id
                and products.slug = sent.item ->> 'product'
        order by sent.position
    );
end;
$$;

/*
 * Refuse to change a published product without the platform's approval.
 *
 * Errors:  PT409 approval_required
 */
create function commerce.refuse_unapproved()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.refuse(
        'PT409', 'approval_required', 'The platform approves changes of published products.',
        'Propose the change with propose_product_change.'
    );
end;
$$;
