-- How vectors are written: a worker asks for the texts of entries without one, and stores what its
-- model says of them.

/*
 * Return the text that says what a product, a service or a business is.
 */
create function search.text_of(kind search.kind, business_id uuid, id uuid)
returns text
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_text text;
begin
    case kind
        when 'product' then
            select concat_ws('. ', products.name, product_categories.name, products.description)
            into v_text
            from catalog.products
            left join catalog.product_categories
                on
                    product_categories.business_id = products.business_id
                    and product_categories.id = products.category_id
            where products.business_id = text_of.business_id and products.id = text_of.id;
        when 'service' then
            select concat_ws('. ', services.name, service_categories.name, services.description)
            into v_text
            from catalog.services
            left join catalog.service_categories
                on
                    service_categories.business_id = services.business_id
                    and service_categories.id = services.category_id
            where services.business_id = text_of.business_id and services.id = text_of.id;
        when 'business' then
            select concat_ws('. ', businesses.name, businesses.description)
            into v_text
            from business.businesses
            where businesses.id = text_of.id;
    end case;
    return left(v_text, 2000);
end;
$$;

/*
 * Delete the vectors of entries whose text changed, and announce entries that have none.
 */
create function search.forget_meaning(kind search.kind, business_ids uuid[], ids uuid[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_batch uuid[];
begin
    delete from search.vectors
    where
        vectors.business_id = any(forget_meaning.business_ids)
        and vectors.kind = forget_meaning.kind
        and vectors.subject_id = any(forget_meaning.ids)
        and vectors.text_hash
        <> md5(search.text_of(vectors.kind, vectors.business_id, vectors.subject_id));
    if not search.has_meaning() then
        return;
    end if;
    for i in 1 .. cardinality(ids) by 500 loop
        v_batch = array(
            select id
            from unnest(ids[i:i + 499]) as id
            except
            select vectors.subject_id
            from search.vectors
            where
                vectors.business_id = any(forget_meaning.business_ids)
                and vectors.kind = forget_meaning.kind
                and vectors.subject_id = any(forget_meaning.ids)
        );
        if v_batch <> '{}' then
            perform private.emit('search.changed', jsonb_build_object('ids', v_batch));
        end if;
    end loop;
end;
$$;

/*
 * Return entries without a vector of a model, of the given ones or, for null, of all: an array of
 * {business_id, kind, id, text, text_hash}. While the flag is off there are none.
 *
 * Definer: called by the worker, which has no access to the catalog.
 */
create function search.texts_to_embed(model text, ids uuid[], maximum integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    return (
        select coalesce(
            jsonb_agg(jsonb_build_object(
                'business_id', due.business_id,
                'kind', due.kind,
                'id', due.subject_id,
                'text', due.text,
                'text_hash', md5(due.text)
            )),
            '[]'
        )
        from (
            select
                entries.business_id,
                entries.kind,
                entries.subject_id,
                search.text_of(entries.kind, entries.business_id, entries.subject_id) as text
            from search.entries
            left join search.vectors using (business_id, kind, subject_id)
            where
                (texts_to_embed.ids is null or entries.subject_id = any(texts_to_embed.ids))
                and vectors.model is distinct from texts_to_embed.model
                and search.has_meaning()
            limit maximum
        ) as due
        where due.text is not null
    );
end;
$$;

/*
 * Store vectors of a model: an array of {business_id, kind, id, text_hash, vector}. A vector of a
 * text that changed meanwhile is left out; the change announced itself. Returns how many were
 * stored.
 *
 * Definer: as search.texts_to_embed.
 */
create function search.store_vectors(model text, vectors jsonb)
returns integer
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count integer;
begin
    -- Whoever changes an entry waits until its vector is there to be deleted.
    perform 1
    from search.entries
    where
        entries.subject_id = any(
            array(select (new ->> 'id')::uuid from jsonb_array_elements(store_vectors.vectors) as new)
        )
    order by entries.subject_id
    for share;
    insert into search.vectors (business_id, kind, subject_id, model, text_hash, vector, parts)
    select
        entries.business_id, entries.kind, entries.subject_id, store_vectors.model, new.text_hash,
        normal.vector, search.parts_of(normal.vector)
    from jsonb_to_recordset(store_vectors.vectors) as new (
        business_id uuid, kind search.kind, id uuid, text_hash text, vector double precision[]
    )
    inner join search.entries
        on
            entries.business_id = new.business_id
            and entries.kind = new.kind
            and entries.subject_id = new.id
    cross join lateral search.normalized(new.vector) as normal (vector)
    where
        new.text_hash = md5(search.text_of(new.kind, new.business_id, new.id))
        and normal.vector is not null
    on conflict on constraint vectors_pkey do update
    set
        model = excluded.model,
        text_hash = excluded.text_hash,
        vector = excluded.vector,
        parts = excluded.parts;
    get diagnostics v_count = row_count;
    return v_count;
end;
$$;
