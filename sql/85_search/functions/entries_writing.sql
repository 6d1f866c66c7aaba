-- How entries are written: in the transaction of the change, where something changed.

/*
 * Return the entries that some products, services or businesses should have now.
 */
create function search.entries_of(kind search.kind, ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query select * from search.product_entries(ids) where entries_of.kind = 'product';
    return query select * from search.service_entries(ids) where entries_of.kind = 'service';
    return query select * from search.business_entries(ids) where entries_of.kind = 'business';
end;
$$;

/*
 * Write the entries of some products, services or businesses where they changed. What an entry is
 * made of is locked first, so that two transactions that change the same product see each other's
 * work: the product, or else the business.
 *
 * Definer: users who change the catalog have no access to entries.
 */
create function search.write_entries(kind search.kind, business_ids uuid[], ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if ids = '{}' then
        return;
    elsif kind = 'product' then
        perform 1
        from catalog.products
        where products.id = any(write_entries.ids)
        order by products.id
        for no key update;
    else
        perform private.lock(business_ids);
    end if;
    perform search.store_entries(
        kind, business_ids, ids,
        array(select entries from search.entries_of(write_entries.kind, write_entries.ids) as entries)
    );
end;
$$;

/*
 * Store the entries of some products, services or businesses: delete those that are not among the
 * fresh ones, write those that differ, and add their words.
 */
create function search.store_entries(
    kind search.kind, business_ids uuid[], ids uuid[], fresh search.entries[]
)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from search.entries
    where
        entries.business_id = any(store_entries.business_ids)
        and entries.kind = store_entries.kind
        and entries.subject_id = any(store_entries.ids)
        and entries.subject_id <> all(array(select present.subject_id from unnest(fresh) as present));
    insert into search.entries (
        business_id, kind, subject_id, name, folded_name, words, vertical_id, categories, brand,
        attributes, currency, lowest_price_minor, highest_price_minor, access, place, since, rating,
        popularity, is_verified
    )
    select
        business_id, present.kind, subject_id, name, folded_name, words, vertical_id, categories, brand,
        attributes, currency, lowest_price_minor, highest_price_minor, access, place, since, rating,
        popularity, is_verified
    from unnest(fresh) as present
    on conflict on constraint entries_pkey do update
    -- Jobs write rating and popularity.
    set
        name = excluded.name,
        folded_name = excluded.folded_name,
        words = excluded.words,
        vertical_id = excluded.vertical_id,
        categories = excluded.categories,
        brand = excluded.brand,
        attributes = excluded.attributes,
        currency = excluded.currency,
        lowest_price_minor = excluded.lowest_price_minor,
        highest_price_minor = excluded.highest_price_minor,
        access = excluded.access,
        place = excluded.place,
        is_verified = excluded.is_verified
    where
        (
            entries.name, entries.words, entries.vertical_id, entries.categories, entries.brand,
            entries.attributes, entries.currency, entries.lowest_price_minor,
            entries.highest_price_minor, entries.access, entries.place::text,
            entries.is_verified
        ) is distinct from (
            excluded.name, excluded.words, excluded.vertical_id, excluded.categories,
            excluded.brand, excluded.attributes, excluded.currency, excluded.lowest_price_minor,
            excluded.highest_price_minor, excluded.access, excluded.place::text,
            excluded.is_verified
        );
    perform search.add_words(array(select present.words from unnest(fresh) as present));
    perform search.forget_meaning(
        kind, business_ids, array(select present.subject_id from unnest(fresh) as present)
    );
end;
$$;

/*
 * Add the words of some entries to those that typing errors are corrected to.
 */
create function search.add_words(vectors tsvector[])
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into search.words (word, shortened)
    select new.word, search.shortened(new.word)
    from (
        select distinct lexeme.lexeme as word
        from unnest(vectors) as vector
        cross join lateral unnest(vector) as lexeme
    ) as new
    where
        new.word ~ '^[[:alpha:]]{3,40}$'
        and not exists (select 1 from search.words where words.word = new.word);
end;
$$;

/*
 * Write the entries of all products, services and businesses of some businesses.
 *
 * Definer: as search.write_entries.
 */
create function search.write_entries_of_businesses(business_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries('business', business_ids, business_ids);
    perform search.write_entries(
        'service', business_ids,
        array(
            select services.id
            from catalog.services
            where services.business_id = any(write_entries_of_businesses.business_ids)
        )
    );
    perform search.write_entries(
        'product', business_ids,
        array(
            select products.id
            from catalog.products
            where products.business_id = any(write_entries_of_businesses.business_ids)
        )
    );
end;
$$;
