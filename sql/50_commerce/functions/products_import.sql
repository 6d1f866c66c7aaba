-- A bulk change of products: every row at once, and when the database refuses one of them, the
-- halves by themselves, down to the row that it refuses. The constraints and triggers of the tables
-- decide what is refused, as they do for a single row.

/*
 * Write rows, all of them or none. Returns what became of each.
 *
 * Errors:  PT400 invalid_input · PT404 not_found · PT409 already_exists
 */
create function commerce.import_rows(business_id uuid, sent_rows jsonb[])
returns setof commerce.imported_row
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_products constant commerce.sent_product[] = array(
        select product from commerce.sent_products(business_id, sent_rows) as product
    );
    v_changed uuid[] = array(select commerce.update_products(business_id, v_products));
    v_new uuid[] = array(select commerce.insert_products(business_id, v_products));
    v_variants constant commerce.sent_variant[] = array(
        select variant from commerce.sent_variants(business_id, sent_rows) as variant
    );
begin
    if exists (
        select 1 from unnest(sent_rows) as sent (item) where (sent.item -> 'is_repeated')::boolean
    ) then
        perform private.invalid('sku', 'must stand in one row only');
    end if;
    if exists (
        select 1 from unnest(sent_rows) as sent (item) where sent.item ? 'needs_approval'
    ) then
        perform commerce.refuse_unapproved();
    end if;
    perform commerce.refuse_moved_variants(business_id, v_variants);
    perform commerce.add_options(business_id, v_variants);
    v_changed = v_changed || array(select commerce.update_variants(business_id, v_variants));
    v_new = v_new || array(select commerce.insert_variants(business_id, v_variants));
    perform commerce.set_thresholds(business_id, v_variants);
    return query
    select
        (sent.item ->> 'row_number')::integer as row_number,
        products.slug as product,
        product_variants.sku,
        products.id as product_id,
        product_variants.id as variant_id,
        case
            when coalesce(product_variants.id, products.id) = any(v_new) then 'created'
            when products.id = any(v_new || v_changed)
                or product_variants.id = any(v_changed) then 'updated'
            else 'unchanged'
        end as outcome,
        null as status,
        null as token,
        null as message
    from unnest(sent_rows) as sent (item)
    inner join catalog.products
        on
            products.business_id = import_rows.business_id
            and products.slug = sent.item ->> 'product'
    left join catalog.product_variants
        on
            product_variants.business_id = import_rows.business_id
            and product_variants.sku = sent.item ->> 'sku';
end;
$$;

/*
 * Say in the API's words what a constraint refused: `refused` has the SQLSTATE, the constraint and
 * the column.
 */
create function commerce.refused_by_constraint(refused commerce.imported_row)
returns commerce.imported_row
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_refused commerce.imported_row = refused;
    v_columns constant text = coalesce(
        nullif(refused.message, ''),
        (
            select string_agg(pg_attribute.attname, ', ' order by keys.position)
            from pg_catalog.pg_constraint
            cross join lateral unnest(pg_constraint.conkey)
                with ordinality as keys (attnum, position)
            inner join pg_catalog.pg_attribute
                on
                    pg_attribute.attrelid = pg_constraint.conrelid
                    and pg_attribute.attnum = keys.attnum
            where
                pg_constraint.conname = refused.token
                and pg_attribute.attname <> 'business_id'
        )
    );
begin
    case refused.status
        when '23502' then
            v_refused.status = 'PT400';
            v_refused.token = 'invalid_input';
            v_refused.message = format('%s is required.', v_columns);
        when '23503' then
            v_refused.status = 'PT404';
            v_refused.token = 'not_found';
            v_refused.message = format('%s refers to a row that does not exist.', v_columns);
        else
            v_refused.status = 'PT409';
            v_refused.token = 'already_exists';
            v_refused.message = format('A row with this %s already exists.', v_columns);
    end case;
    return v_refused;
end;
$$;

/*
 * Write as many of the rows as the database takes. Returns what became of each: of a refused row,
 * why.
 */
create function commerce.try_rows(business_id uuid, sent_rows jsonb[])
returns setof commerce.imported_row
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_count constant integer = cardinality(sent_rows);
    v_done commerce.imported_row[];
    v_refused commerce.imported_row;
begin
    begin
        v_done = array(
            select imported from commerce.import_rows(business_id, sent_rows) as imported
        );
        return query select imported.* from unnest(v_done) as imported;
        return;
    exception
        when sqlstate 'PT400' or sqlstate 'PT404' or sqlstate 'PT409' or sqlstate 'PT422' then
            get stacked diagnostics
                v_refused.status = returned_sqlstate,
                v_refused.token = pg_exception_detail,
                v_refused.message = message_text;
        when not_null_violation or foreign_key_violation or unique_violation then
            get stacked diagnostics
                v_refused.status = returned_sqlstate,
                v_refused.token = constraint_name,
                v_refused.message = column_name;
            v_refused = commerce.refused_by_constraint(v_refused);
    end;
    if v_count = 1 then
        v_refused.row_number = (sent_rows[1] ->> 'row_number')::integer;
        v_refused.product = sent_rows[1] ->> 'product';
        v_refused.sku = sent_rows[1] ->> 'sku';
        v_refused.outcome = 'refused';
        return next v_refused;
        return;
    end if;
    return query
    select imported.* from commerce.try_rows(business_id, sent_rows[:v_count / 2]) as imported;
    return query
    select imported.* from commerce.try_rows(business_id, sent_rows[v_count / 2 + 1:]) as imported;
end;
$$;

/*
 * Number the rows of a bulk change, and mark those whose SKU stands in an earlier row.
 */
create function commerce.numbered_rows(sent_rows jsonb[])
returns jsonb[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select
            numbered.item || jsonb_build_object(
                'row_number', numbered.position,
                'sku', numbered.sku,
                'is_repeated', numbered.sku is not null and numbered.times > 1
            )
        from (
            select
                sent.item,
                sent.position,
                nullif(sent.item ->> 'sku', '') as sku,
                row_number() over (
                    partition by nullif(sent.item ->> 'sku', '') order by sent.position
                ) as times
            from unnest(sent_rows) with ordinality as sent (item, position)
        ) as numbered
        order by numbered.position
    );
end;
$$;

/*
 * Refuse a bulk change in the words of the first row that was refused. What was written is undone
 * with it.
 */
create function commerce.refuse_bulk(imported commerce.imported_row[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_refused commerce.imported_row;
    v_count constant integer = (
        select count(*) from unnest(imported) as each_row where each_row.outcome = 'refused'
    );
begin
    select each_row.* into v_refused
    from unnest(imported) as each_row
    where each_row.outcome = 'refused'
    order by each_row.row_number
    limit 1;
    if found then
        raise exception using
            errcode = v_refused.status,
            detail = v_refused.token,
            message = format('Row %s: %s', v_refused.row_number, v_refused.message),
            hint = format(
                'Rows refused: %s. Nothing was changed. The mode report says why for each row.',
                v_count
            );
    end if;
end;
$$;

/*
 * Change many products of a business. Returns how many rows there are of each outcome, and each.
 * Definer: the rows are checked once for the whole call, not policy by policy.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 already_exists approval_required in_use
 */
create function commerce.bulk_upsert_products(business_id uuid, sent_rows jsonb[], mode text)
returns jsonb
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_imported commerce.imported_row[];
begin
    perform private.require_member(business_id, 'manage');
    perform private.lock(array[business_id]);
    if cardinality(sent_rows) > 0 then
        v_imported = array(
            select imported
            from commerce.try_rows(
                business_id,
                commerce.rows_with_approval(business_id, commerce.numbered_rows(sent_rows))
            ) as imported
        );
    end if;
    if mode = 'all_or_nothing' then
        perform commerce.refuse_bulk(v_imported);
    end if;
    return (
        select jsonb_build_object(
            'created', count(*) filter (where imported.outcome = 'created'),
            'updated', count(*) filter (where imported.outcome = 'updated'),
            'unchanged', count(*) filter (where imported.outcome = 'unchanged'),
            'refused', count(*) filter (where imported.outcome = 'refused'),
            'rows', coalesce(
                jsonb_agg(
                    jsonb_build_object(
                        'row', imported.row_number,
                        'product', imported.product,
                        'sku', imported.sku,
                        'product_id', imported.product_id,
                        'variant_id', imported.variant_id,
                        'outcome', imported.outcome,
                        'token', imported.token,
                        'message', imported.message
                    )
                    order by imported.row_number
                ),
                '[]'
            )
        )
        from unnest(v_imported) as imported
    );
end;
$$;
