-- The initial schema of 85_search: its files of sql/, joined.
set lock_timeout = '5s';
alter default privileges revoke execute on functions from public;

-- sql/85_search/tables/availability.sql

-- The search answers the most frequent question of a marketplace: who has time near me? Each
-- business that takes bookings has one document, which contains what a search compares in a form
-- that can be indexed. The search then asks scheduling about one business after another, until
-- enough of them have time.

create schema search;
comment on schema search is 'What is looked at to find businesses.';

create extension if not exists unaccent with schema extensions;

-- The criteria of a search, from the arguments of public.search_availability. Arguments that were
-- left out are null.
create type search.criteria as (
    during tstzrange,
    vertical_id text,
    -- As search.slug returns it.
    category text,
    latitude double precision,
    longitude double precision,
    radius_km double precision,
    words tsquery,
    price_max bigint,
    currency text
);

-- A business that a search considers: a row of the cursor that search.candidates returns.
create type search.candidate as (
    business_id uuid,
    time_zone text,
    has_classes boolean,
    distance_km double precision
);

-- The period of a search by the clock of a candidate.
create type search.local_period as (
    -- The place of the candidate in its batch.
    rank integer,
    business_id uuid,
    from_at timestamp,
    to_at timestamp,
    -- Weekly hours do not tell: the clock is about to change, or there are classes.
    is_uncertain boolean
);

-- A time in which a resource of a business is free. Null bounds: at any time before or after.
create type search.gap as (
    resource_id uuid,
    starts_at timestamptz,
    ends_at timestamptz
);

create table search.documents (
    business_id uuid primary key references business.businesses (id) on delete cascade,
    vertical_id text not null references business.verticals (id) on delete restrict,
    -- Weights: A for the name, B for services, C for categories, D for the description.
    words tsvector not null,
    -- Slugs of the categories of its services.
    categories text array not null,
    -- A point on the globe, in kilometres from its centre; null when the business has no place.
    place extensions.cube,
    time_zone text not null,
    has_classes boolean not null,
    -- Over all services and currencies. A search skips the business when this is above price_max.
    lowest_price_minor bigint not null,
    is_verified boolean not null,
    since timestamptz not null
);
comment on table search.documents is
'What a search looks at: one row a business that is approved, active and has services. Triggers '
'write it; search.refresh writes it anew.';
create index documents_words_idx on search.documents using gin (words);
create index documents_categories_idx on search.documents using gin (categories);
create index documents_place_idx on search.documents using gist (place);
-- These return the order without words and place, for all businesses and for one vertical.
create index documents_rank_idx
on search.documents (is_verified desc, since, business_id);
create index documents_vertical_idx
on search.documents (vertical_id, is_verified desc, since, business_id);

-- A start that public.search_availability found, with the one resource that it proposes.
create type public.found_slot as (
    starts_at timestamptz,
    ends_at timestamptz,
    resource_id uuid,
    remaining integer
);
comment on type public.found_slot is
'A free start that a search found: start and end for the customer, the resource that is proposed '
'for it, and its free places.';

-- A result of public.search_availability.
create type public.availability as (
    business_id uuid,
    name text,
    time_zone text,
    service_id uuid,
    service_name text,
    duration_minutes integer,
    price_minor bigint,
    currency text,
    distance_km numeric,
    slots public.found_slot array
);
comment on type public.availability is
'A business that has time, with one of its services and its first three free starts. '
'May be null: distance_km.';

-- sql/85_search/tables/entries.sql

-- What people find: one entry for each product, service and business. The transaction that changes
-- one of them also writes its entry, so a search never returns what was unpublished. An entry does
-- not say whether its business is open to the public: a search asks the business itself, so that a
-- suspension holds at once and costs nothing, however much the business sells.

create extension if not exists fuzzystrmatch with schema extensions;

create type search.kind as enum ('product', 'service', 'business');

create table search.entries (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind search.kind not null,
    -- The product, the service or the business.
    subject_id uuid not null,
    name text not null,
    -- As search.fold returns it.
    folded_name text not null,
    -- Weights: A for names, B for the brand and the numbers of variants, C for categories and
    -- attributes, D for descriptions, synonyms and, of a service, the name of its business. Beside
    -- each word stands its stem in the language of the text.
    words tsvector not null,
    vertical_id text not null references business.verticals (id) on delete cascade,
    -- Slugs of its category and of those above it.
    categories text array not null,
    -- The slug of its brand.
    brand text,
    attributes jsonb not null,
    currency text references pricing.currencies (code) on delete restrict,
    -- Of its variants or of the service; null for a business.
    lowest_price_minor bigint,
    highest_price_minor bigint,
    -- As of the product or the service: what its customers need to see it.
    access text,
    -- Only of a business: a point on the globe, as in documents.
    place extensions.cube,
    since timestamptz not null,
    -- The score of its rating, from 0 for one star to 1 for five.
    rating real not null,
    -- How much was sold of it in the window of search.settings, from 0 to 1.
    popularity real not null,
    is_verified boolean not null,
    -- What the order adds to how well the words fit. docs/search.md explains the weights.
    standing real generated always as (
        0.15::real * rating + 0.1::real * popularity
        + case when is_verified then 0.05::real else 0::real end
    ) stored,

    primary key (business_id, kind, subject_id)
);
comment on table search.entries is
'What people find: one row for each published product, each public service and each business.';
create index entries_words_idx on search.entries using gin (words);
create index entries_categories_idx on search.entries using gin (categories);
create index entries_attributes_idx on search.entries using gin (attributes jsonb_path_ops);
-- Which businesses are near?
create index entries_place_idx on search.entries using gist (place) where kind = 'business';
-- The order without words, and the names that begin with what somebody types.
create index entries_standing_idx on search.entries (standing desc, subject_id);
create index entries_name_idx on search.entries (folded_name collate "C", standing desc);
-- The entry of a product or a service.
create index entries_subject_idx on search.entries (subject_id);
create index entries_currency_idx on search.entries (currency);
create index entries_vertical_idx on search.entries (vertical_id);

-- The words that occur in entries, for the correction of typing errors. Words are only ever added,
-- without waiting for anybody; search rebuild deletes doubles and words that occur no more.
create table search.words (
    word text not null,
    -- The word itself and the word without one of its letters. Two words that are one edit apart
    -- share one of these.
    shortened text array not null
);
comment on table search.words is 'The words of entries, for the correction of typing errors.';
create index words_word_idx on search.words (word);
create index words_shortened_idx on search.words using gin (shortened);

create table search.synonyms (
    id uuid primary key default gen_random_uuid(),
    business_id uuid not null references business.businesses (id) on delete cascade,
    -- Words or short phrases that mean the same.
    terms text array not null,
    created_at timestamptz not null default now(),

    constraint synonyms_business_id_id_unique unique (business_id, id),
    constraint synonyms_terms_are_several check (
        catalog.are_option_values(terms) and cardinality(terms) between 2 and 20
        or private.invalid(
            'terms', 'must be 2 to 20 different texts of 1 to 40 printable characters'
        )
    )
);
comment on table search.synonyms is
'Words that mean the same to the customers of a business, such as sofa and couch.';

-- One word of a query, with everything that counts as the same word.
create type search.term as (
    word text,
    -- The last word may be unfinished.
    is_prefix boolean,
    stems text array,
    -- Words of the catalog that are one typing error away.
    similar_words text array
);

-- What somebody looks for among entries. A null asks for nothing.
create type search.entry_criteria as (
    terms search.term array,
    folded text,
    words tsquery,
    kinds search.kind array,
    business_id uuid,
    vertical_id text,
    categories text array,
    brands text array,
    currency text,
    min_price_minor bigint,
    max_price_minor bigint,
    is_in_stock boolean,
    min_rating real,
    -- The businesses around a place.
    nearby uuid array,
    here extensions.cube,
    attributes jsonb,
    sort text,
    page_size integer,
    -- The rank and the id of the last result of the page before.
    after_rank double precision,
    after_id uuid,
    -- What the caller may see, as search.for_caller writes it.
    hidden_businesses uuid array,
    own_businesses uuid array,
    passes text array,
    -- What means something similar to the words, the nearest first; null searches by words alone.
    meant uuid array
);

-- A result: its entry and its rank in the order that was asked for.
create type search.hit as (kind search.kind, business_id uuid, id uuid, rank double precision);

-- A suggestion of public.autocomplete.
create type public.suggestion as (kind search.kind, id uuid, business_id uuid, name text);
comment on type public.suggestion is
'What somebody may be about to type: a name, and the product, service or business that has it.';

-- sql/85_search/tables/meaning.sql

-- What entries mean, as vectors of a model. A worker writes them while the flag search_by_meaning
-- is enabled. A vector is deleted with its entry, and in the transaction that changes the text that
-- it was made of, so nothing is found by what it no longer says.

create table search.vectors (
    business_id uuid not null,
    kind search.kind not null,
    subject_id uuid not null,
    -- Vectors of different models are not compared.
    model text not null,
    -- Of the text that the vector was made of.
    text_hash text not null,
    -- Of length 1.
    vector real array not null,
    -- The same as points of at most 96 dimensions, whose distances PostgreSQL counts itself.
    parts extensions.cube array not null,

    primary key (business_id, kind, subject_id),
    constraint vectors_entry_fkey foreign key (business_id, kind, subject_id)
    references search.entries (business_id, kind, subject_id) on delete cascade,
    constraint vectors_have_numbers check (
        cardinality(vector) between 1 and 2000 and array_position(vector, null) is null
    )
)
-- A search reads all vectors, so they stay in their rows, as far as a page has room.
with (toast_tuple_target = 8160);
alter table search.vectors
alter column vector set storage main,
alter column parts set storage main;
comment on table search.vectors is
'What entries mean, as vectors: search finds what means something similar to a query.';

-- sql/85_search/tables/recommendations.sql

-- What is recommended: how much was sold of each thing lately, and what is bought together. A job
-- counts both anew; whether something may be shown is asked when it is shown.

create table search.settings (
    is_only_row boolean primary key default true,
    -- Sales of so many days are counted as popular, and as bought together.
    popular_days integer not null default 90,
    -- Sales of so many days are counted as trending.
    trending_days integer not null default 14,
    -- How similar to a query something must be, as a cosine, to be found by its meaning.
    least_similarity real not null default 0.3,

    constraint settings_have_one_row check (is_only_row),
    constraint settings_days_are_sane check (
        popular_days between 1 and 730 and trending_days between 1 and popular_days
        or private.invalid('trending_days and popular_days', 'must rise from 1 to 730')
    ),
    constraint settings_similarity_is_a_cosine check (
        least_similarity between -1 and 1
        or private.invalid('least_similarity', 'must be between -1 and 1')
    )
);
comment on table search.settings is
'The windows of popular and trending, and how similar what is found by its meaning must be.';

create table search.popular (
    business_id uuid not null references business.businesses (id) on delete cascade,
    kind search.kind not null,
    subject_id uuid not null,
    -- Pieces or bookings in the days of the settings, without what was cancelled or returned.
    unit_count bigint not null,
    trending_count bigint not null,

    primary key (business_id, kind, subject_id)
);
comment on table search.popular is
'How much was sold of each product, service and business. search.count_sales counts it anew.';
-- The best of all businesses.
create index popular_unit_count_idx on search.popular (kind, unit_count desc, subject_id);
create index popular_trending_count_idx on search.popular (kind, trending_count desc, subject_id);

create table search.pairs (
    business_id uuid not null references business.businesses (id) on delete cascade,
    product_id uuid not null,
    other_id uuid not null,
    -- How many orders had both.
    order_count bigint not null,
    -- From 0 to 1: the share of them among the orders of either, lowered where they are few.
    strength real not null,

    primary key (business_id, product_id, other_id)
);
comment on table search.pairs is
'Products that are bought together. search.count_sales counts it anew.';

-- Something that may be recommended, before it is asked whether it may be shown.
create type search.proposal as (
    business_id uuid,
    kind search.kind,
    subject_id uuid,
    strength double precision,
    reason text
);

-- A recommendation of public.recommend.
create type public.recommendation as (
    kind search.kind,
    id uuid,
    business_id uuid,
    name text,
    currency text,
    lowest_price_minor bigint,
    reason text,
    strength double precision
);
comment on type public.recommendation is
'Something that is recommended: reason is bought_together, similar, again, personal, popular or '
'trending, and strength orders within a reason. May be null: currency and lowest_price_minor.';

-- sql/85_search/functions/arguments.sql

-- Reading what public.search is asked: the words, the kinds, the filters with their types, and
-- where the page begins.

/*
 * Read the kinds that somebody looks for; null is all of them.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_kinds(value text)
returns search.kind[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list constant jsonb = private.to_list(value, 'kinds', 3);
begin
    if exists (
        select 1
        from jsonb_array_elements(v_list) as element
        where element not in ('"product"', '"service"', '"business"')
    ) then
        perform private.invalid('kinds', 'must have only product, service and business');
    end if;
    return (
        select array_agg((element #>> '{}')::search.kind)
        from jsonb_array_elements(v_list) as element
    );
end;
$$;

/*
 * Read a JSON array of at most 50 texts of at most 200 characters; null stays null.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_texts(value text, argument text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_list jsonb;
begin
    if value is null then
        return null;
    end if;
    v_list = private.to_list(value, argument, 50);
    if v_list = '[]' or exists (
        select 1
        from jsonb_array_elements(v_list) as element
        where jsonb_typeof(element) <> 'string' or length(element #>> '{}') not between 1 and 200
    ) then
        perform private.invalid(argument, 'must have texts of 1 to 200 characters');
    end if;
    return array(select element #>> '{}' from jsonb_array_elements(v_list) as element);
end;
$$;

/*
 * Return what an attribute requires of the value that somebody filters by: the end of a sentence,
 * or null if the value fits. A filter is a value, an array of values, or an object with min and
 * max.
 */
create function search.filter_fault(attribute catalog.product_attributes, filter jsonb)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if jsonb_typeof(filter) = 'array' then
        return coalesce(
            (
                select catalog.attribute_fault(attribute, element)
                from jsonb_array_elements(filter) as element
                where catalog.attribute_fault(attribute, element) is not null
                limit 1
            ),
            case
                when jsonb_array_length(filter) not between 1 and 50
                    then 'must be an array of 1 to 50 values'
            end
        );
    elsif jsonb_typeof(filter) <> 'object' then
        return catalog.attribute_fault(attribute, filter);
    elsif attribute.kind not in ('number', 'date') then
        return 'must be a value or an array of values, because only numbers and dates have a range';
    elsif filter = '{}' or filter - '{min,max}'::text[] <> '{}' then
        return 'must have min, max or both';
    end if;
    return (
        select catalog.attribute_fault(attribute, bound.value)
        from jsonb_each(filter) as bound (key, value)
        where catalog.attribute_fault(attribute, bound.value) is not null
        limit 1
    );
end;
$$;

/*
 * Read the attributes that somebody filters by. Each must be an attribute of the business, or of
 * any business that is open to the public, and its value must fit the type.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_attributes(value text, business_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant jsonb = private.to_object(value, 'filters.attributes');
    v_filter record;
    v_name text;
    v_faults text[];
begin
    if v_wanted = '{}' then
        return null;
    elsif (select count(*) from jsonb_object_keys(v_wanted)) > 20 then
        perform private.invalid('filters.attributes', 'must have at most 20 keys');
    end if;
    for v_filter in
        select filters.key, filters.value from jsonb_each(v_wanted) as filters (key, value)
    loop
        v_name = 'filters.attributes.'
        || left(regexp_replace(v_filter.key, '[^ -~]', '?', 'g'), 50);
        v_faults = array(
            select coalesce(search.filter_fault(product_attributes, v_filter.value), '')
            from catalog.product_attributes
            where
                product_attributes.key = v_filter.key
                and (
                    to_attributes.business_id is null
                    or product_attributes.business_id = to_attributes.business_id
                )
                and business.is_open(product_attributes.business_id)
        );
        if v_faults = '{}' then
            perform private.invalid(v_name, 'is not an attribute of any product');
        elsif '' <> all(v_faults) then
            perform private.invalid(v_name, v_faults[1]);
        end if;
    end loop;
    return v_wanted;
end;
$$;

/*
 * Return criteria with the words that somebody typed. If nothing contains them as they are, words
 * of the catalog that are one typing error away count too.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_words(criteria search.entry_criteria, q text, wanted text[])
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_text constant text = private.to_text(q, 'q', 200);
begin
    if v_text is null then
        return v_criteria;
    end if;
    v_criteria.folded = search.fold(v_text);
    if v_criteria.folded = '' then
        perform private.invalid('q', 'must contain a letter or a digit');
    elsif cardinality(string_to_array(v_criteria.folded, ' ')) > 20 then
        perform private.invalid('q', 'must have at most 20 words');
    end if;
    v_criteria.terms = search.terms(v_text, wanted);
    v_criteria.words = search.to_query(v_criteria.terms);
    if not search.has_matches(v_criteria) then
        v_criteria.terms = search.with_similar_words(v_criteria.terms);
        v_criteria.words = search.to_query(v_criteria.terms);
    end if;
    return v_criteria;
end;
$$;

/*
 * Return criteria with filters.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_filters(criteria search.entry_criteria, filters jsonb)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_near constant double precision[] = private.to_place(filters ->> 'near', 'filters.near');
    v_radius constant integer = private.to_whole_number(
        filters ->> 'radius_km', 'filters.radius_km', 1, 200, if_null => 25
    );
    v_rating numeric;
begin
    v_criteria.business_id = private.to_identifier(
        filters ->> 'business_id', 'filters.business_id', false
    );
    v_criteria.vertical_id = private.to_text(filters ->> 'vertical', 'filters.vertical', 50);
    v_criteria.categories = search.to_texts(filters ->> 'categories', 'filters.categories');
    v_criteria.brands = search.to_texts(filters ->> 'brands', 'filters.brands');
    v_criteria.currency = private.to_text(filters ->> 'currency', 'filters.currency', 3);
    v_criteria.min_price_minor = private.to_minor_units(
        filters ->> 'min_price_minor', 'filters.min_price_minor'
    );
    v_criteria.max_price_minor = private.to_minor_units(
        filters ->> 'max_price_minor', 'filters.max_price_minor'
    );
    v_criteria.is_in_stock = nullif(
        private.to_yes_no(filters ->> 'in_stock', 'filters.in_stock'), false
    );
    v_rating = private.to_whole_number(filters ->> 'min_rating', 'filters.min_rating', 1, 5, false);
    v_criteria.min_rating = (v_rating - 1) / 4;
    if v_near is not null then
        v_criteria.here = business.point_on_earth(v_near[1], v_near[2]);
        v_criteria.nearby = search.businesses_around(v_near[1], v_near[2], v_radius);
    elsif filters ? 'radius_km' then
        perform private.invalid('filters.radius_km', 'requires filters.near');
    end if;
    v_criteria.attributes = search.to_attributes(
        filters ->> 'attributes', v_criteria.business_id
    );
    return v_criteria;
end;
$$;

/*
 * Return criteria with an order, and with where the page begins: next_cursor of the page before.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_page(
    criteria search.entry_criteria, sort text, page_size text, cursor text
)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
begin
    v_criteria.sort = coalesce(sort, 'relevance');
    v_criteria.page_size = private.to_whole_number(page_size, 'limit', 1, 50, if_null => 20);
    if v_criteria.sort <> all(
        '{relevance,price,price_descending,newest,rating,popular,distance}'::text[]
    ) then
        perform private.invalid(
            'sort',
            'must be relevance, price, price_descending, newest, rating, popular or distance'
        );
    elsif v_criteria.sort = 'distance' and v_criteria.here is null then
        perform private.invalid('sort', 'must not be distance without filters.near');
    elsif v_criteria.sort like 'price%' and v_criteria.currency is null then
        perform private.invalid('filters.currency', 'is required to sort by price');
    end if;
    if cursor is not null then
        if cursor !~ '^(-?\d{1,18}(\.\d{1,18})?(e[+-]?\d{1,3})?|-Infinity),[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            or not pg_input_is_valid(split_part(cursor, ',', 1), 'float8') then
            perform private.invalid('cursor', 'must be a next_cursor of search');
        end if;
        v_criteria.after_rank = split_part(cursor, ',', 1)::double precision;
        v_criteria.after_id = split_part(cursor, ',', 2)::uuid;
    end if;
    return v_criteria;
end;
$$;

-- sql/85_search/functions/availability.sql

-- The search reads the candidates one after another and looks for the first free starts of each. It
-- stops as soon as enough businesses have some. Most searches end in the first batch of candidates,
-- so the cost depends on the number of results and hardly on the number of businesses.

/*
 * Return the first three starts of a service in a period, each with one resource: one that the
 * caller knows, else the first in rank. The function searches one day, then longer and longer
 * steps, because most businesses have time soon. A start does not depend on the period searched.
 */
create function search.first_slots(service catalog.services, during tstzrange, known uuid[])
returns public.found_slot[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_slots public.found_slot[] = '{}';
    v_from timestamptz = lower(during);
    v_step interval = interval '1 day';
    v_to timestamptz;
begin
    while v_from < upper(during) and cardinality(v_slots) < 3 loop
        v_to = least(v_from + v_step, upper(during));
        v_slots = v_slots || array(
            select row(
                first.at,
                first.at + make_interval(mins => service.duration_minutes),
                first.id,
                first.remaining
            )::public.found_slot
            from (
                select distinct on (offer.at) offer.*
                from scheduling.vacancies(
                    service.id, tstzmultirange(tstzrange(v_from, v_to)), null, 1, service.duration_minutes
                ) as offer
                where offer.is_leading
                order by offer.at, (offer.id = any(known)) is true desc, offer.rank
                limit 3
            ) as first
            order by first.at
        );
        v_from = v_to;
        v_step = v_step * 2;
    end loop;
    return v_slots[:3];
end;
$$;

/*
 * Return the businesses that fit the criteria and have time, best first. Each comes with its first
 * service that has time and with the first starts of that service. The batches of candidates grow,
 * because most searches end in the first.
 *
 * Definer: reads all allocations, but returns only free starts of public services.
 */
create function search.availability(criteria search.criteria, wanted integer)
returns setof public.availability
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_known uuid[] = search.known();
    v_cursor refcursor = search.candidates(criteria);
    v_batch search.candidate[];
    v_size integer = wanted * 2;
    v_answer public.availability;
    v_found integer = 0;
    v_candidate search.candidate;
begin
    loop
        v_batch = search.next_candidates(v_cursor, v_size);
        for v_candidate in
            select * from search.may_be_open(v_batch, criteria.during)
        loop
            v_answer = search.answer(v_candidate, criteria, v_known);
            if v_answer.business_id is not null then
                return next v_answer;
                v_found = v_found + 1;
                exit when v_found = wanted;
            end if;
        end loop;
        exit when v_found = wanted or cardinality(v_batch) < v_size;
        v_size = least(v_size * 2, 500);
    end loop;
    close v_cursor;
end;
$$;

/*
 * Return a business with its first service that fits the criteria and has a free start. The result
 * is null when it has no such service.
 */
create function search.answer(candidate search.candidate, criteria search.criteria, known uuid[])
returns public.availability
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_service catalog.services;
    v_slots public.found_slot[] = '{}';
    v_answer public.availability;
begin
    for v_service in
        select * from search.services(candidate.business_id, criteria, known)
    loop
        v_slots = search.first_slots(v_service, criteria.during, known);
        exit when v_slots <> '{}';
    end loop;
    select
        businesses.id,
        businesses.name,
        businesses.time_zone,
        v_service.id,
        v_service.name,
        v_service.duration_minutes,
        v_service.price_minor,
        v_service.currency,
        round(candidate.distance_km::numeric, 2),
        v_slots
    into v_answer
    from business.businesses
    where businesses.id = candidate.business_id and v_slots <> '{}';
    return v_answer;
end;
$$;

-- sql/85_search/functions/candidates.sql

-- The businesses that a search considers, best first. A search reads them through a cursor, because
-- it usually stops after the first few. Each order has a function of its own and an index of its
-- own. The functions plan their query for the criteria at hand, and for a reader who stops after a
-- quarter of the rows.

/*
 * Open a cursor over the businesses whose documents fit the criteria. The order is by distance when
 * there is a place, else by relevance when there are words, else by rank.
 */
create function search.candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if criteria.latitude is not null and criteria.longitude is not null then
        return search.nearest_candidates(criteria);
    elsif criteria.words is not null then
        return search.relevant_candidates(criteria);
    else
        return search.ranked_candidates(criteria);
    end if;
end;
$$;

/*
 * Open a cursor over the candidates around a place. The nearest come first.
 */
create function search.nearest_candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
    v_here extensions.cube = business.point_on_earth(criteria.latitude, criteria.longitude);
    v_around extensions.cube = extensions.cube_enlarge(v_here, criteria.radius_km, 3);
begin
    open v_candidates for
    select
        documents.business_id,
        documents.time_zone,
        documents.has_classes,
        business.way_km(documents.place operator(extensions.<->) v_here)
    from search.documents
    where
        documents.place operator(extensions.<@) v_around
        and business.way_km(documents.place operator(extensions.<->) v_here) <= criteria.radius_km
        and (criteria.words is null or documents.words @@ criteria.words)
        and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
        and (criteria.category is null or documents.categories @> array[criteria.category])
        and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
    order by documents.place operator(extensions.<->) v_here;
    return v_candidates;
end;
$$;

/*
 * Open a cursor over the candidates that match the words. The best match comes first.
 */
create function search.relevant_candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
begin
    open v_candidates for
    select
        documents.business_id,
        documents.time_zone,
        documents.has_classes,
        null::double precision
    from search.documents
    where
        documents.words @@ criteria.words
        and (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
        and (criteria.category is null or documents.categories @> array[criteria.category])
        and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
    order by
        ts_rank(documents.words, criteria.words) desc,
        documents.is_verified desc,
        documents.since,
        documents.business_id;
    return v_candidates;
end;
$$;

/*
 * Open a cursor over all candidates. Verified businesses come first, then the oldest.
 */
create function search.ranked_candidates(criteria search.criteria)
returns refcursor
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set cursor_tuple_fraction = '0.25'
set jit = 'off'
as $$
declare
    v_candidates refcursor;
begin
    open v_candidates for
    select
        documents.business_id,
        documents.time_zone,
        documents.has_classes,
        null::double precision
    from search.documents
    where
        (criteria.vertical_id is null or documents.vertical_id = criteria.vertical_id)
        and (criteria.category is null or documents.categories @> array[criteria.category])
        and (criteria.price_max is null or documents.lowest_price_minor <= criteria.price_max)
    order by documents.is_verified desc, documents.since, documents.business_id;
    return v_candidates;
end;
$$;

/*
 * Return the next candidates of a cursor, at most as many as wanted; an empty array at its end.
 */
create function search.next_candidates(candidates refcursor, wanted integer)
returns search.candidate[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_candidate search.candidate;
    v_found search.candidate[] = '{}';
begin
    for i in 1 .. wanted loop
        fetch candidates into v_candidate;
        exit when not found;
        v_found = v_found || v_candidate;
    end loop;
    return v_found;
end;
$$;

/*
 * Return the services and resources of the caller's last bookings. A search tries them first.
 */
create function search.known()
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct unnest(array[earlier.service_id, earlier.resource_id])
        from (
            select
                booking_items.service_id,
                booking_items.resource_id
            from scheduling.bookings
            inner join scheduling.booking_items
                on
                    booking_items.business_id = bookings.business_id
                    and booking_items.booking_id = bookings.id
            where
                bookings.customer_id = (select auth.uid())
                and bookings.status in ('confirmed', 'checked_in', 'completed')
            order by bookings.starts_at desc
            limit 100
        ) as earlier
    );
end;
$$;

-- sql/85_search/functions/comparing.sql

-- Which entries a search ranks by their words, if too many fit to rank them all.

/*
 * Return the entries that are ranked by their words: all that fit, or if there are more, the 500 of
 * the highest standing and a hundred whose names begin with what was typed. To rank the words of
 * 100,000 entries takes too long. An entry may come twice.
 *
 * What a fiftieth of the best thousand entries fit is soon met in the order of standing. Everything
 * else is found by its words.
 */
create function search.compared(criteria search.entry_criteria)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
set enable_seqscan = 'off'
as $$
declare
    v_ranked constant integer = 500;
    v_read constant integer = 30000;
    v_conditions constant text = search.all_conditions(criteria);
    v_sample bigint;
    v_count bigint = 0;
begin
    execute concat(
        'select count(*) from (select * from search.entries order by standing desc, subject_id'
        ' limit 1000) as entries where ', v_conditions
    ) into v_sample using criteria;
    if v_sample >= 20 then
        return query execute concat(
            'select entries.* from (select * from search.entries order by standing desc, subject_id'
            ' limit ', v_read, ') as entries where ', v_conditions, ' limit ', v_ranked
        )
        using criteria;
        get diagnostics v_count = row_count;
    end if;
    if v_count < v_ranked then
        -- Without the sum this would read the order of standing to its end.
        return query execute concat(
            'select entries.* from search.entries where ', v_conditions,
            ' order by entries.standing + 0 desc, entries.subject_id limit ', v_ranked
        )
        using criteria;
    end if;
    return query execute concat(
        'select entries.* from search.entries where ', v_conditions,
        ' and entries.folded_name collate "C" >= ($1).folded'
        ' and entries.folded_name collate "C" < ($1).folded || chr(1114111)'
        ' order by entries.folded_name collate "C", entries.standing desc limit 100'
    )
    using criteria;
end;
$$;

-- sql/85_search/functions/conditions.sql

-- The conditions of the queries for entries. A query has only those that were asked for, so that it
-- is planned for its own index. Its parameter $1 is the criteria; no text of a caller is part of a
-- query, but for the names of attributes, which are quoted.

/*
 * Return the conditions that say what somebody may see, and which words it must contain or what it
 * must mean, at the business that was asked for.
 */
create function search.base_conditions(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        case
            when criteria.meant is not null
                then '(entries.words @@ ($1).words or entries.subject_id = any(($1).meant))'
            when criteria.words is not null then 'entries.words @@ ($1).words'
        end,
        case when criteria.business_id is not null
            then 'entries.business_id = ($1).business_id' end,
        'entries.business_id <> all(($1).hidden_businesses)',
        '(entries.access is null'
        ' or entries.business_id || '' '' || entries.access = any(($1).passes)'
        ' or entries.business_id = any(($1).own_businesses))'
    );
end;
$$;

/*
 * Return the conditions of filters that have no facet.
 */
create function search.other_conditions(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        'true',
        case when criteria.min_rating is not null then 'entries.rating >= ($1).min_rating' end,
        case when criteria.nearby is not null then 'entries.business_id = any(($1).nearby)' end,
        case when criteria.is_in_stock
            then 'entries.kind = ''product'''
            ' and search.is_in_stock(entries.business_id, entries.subject_id)' end
    );
end;
$$;

/*
 * Return the conditions of filters that have a facet, each with the bit of its facet.
 */
create function search.facet_conditions(criteria search.entry_criteria)
returns table (bit_value bigint, condition text)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    if criteria.kinds is not null then
        return query values (1::bigint, 'entries.kind = any(($1).kinds)');
    end if;
    if criteria.categories is not null then
        return query values (2::bigint, 'entries.categories && ($1).categories');
    end if;
    if criteria.brands is not null then
        return query values (4::bigint, 'entries.brand = any(($1).brands)');
    end if;
    if criteria.vertical_id is not null then
        return query values (8::bigint, 'entries.vertical_id = ($1).vertical_id');
    end if;
    if criteria.currency is not null then
        return query values (16::bigint, 'entries.currency = ($1).currency');
    end if;
    if criteria.min_price_minor is not null then
        return query values (32::bigint, 'entries.highest_price_minor >= ($1).min_price_minor');
    end if;
    if criteria.max_price_minor is not null then
        return query values (64::bigint, 'entries.lowest_price_minor <= ($1).max_price_minor');
    end if;
    return query
    select
        attributes.flag,
        format(
            'catalog.has_attributes(entries.attributes, jsonb_build_object(%1$L, ($1).attributes -> %1$L))',
            attributes.key
        )
    from search.attribute_bits(criteria.attributes) as attributes;
end;
$$;

/*
 * Return the bit of each attribute that is filtered by, from 256 upwards.
 */
create function search.attribute_bits(wanted jsonb)
returns table (key text, flag bigint)
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return query
    select filters.key, 128::bigint << (row_number() over (order by filters.key))::integer
    from jsonb_object_keys(wanted) as filters (key);
end;
$$;

-- sql/85_search/functions/documents.sql

-- The documents that a search reads, and the forms in which their texts, names and places can be
-- indexed. Triggers rewrite the document of a business when the business, its services or its
-- categories change.

/*
 * Return a text as searches compare it: without accents and in lower case. One space separates its
 * words from each other.
 *
 * Definer: only the owner may call the functions of the extension.
 */
create function search.fold(value text)
returns text
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return btrim(regexp_replace(
        lower(extensions.unaccent('extensions.unaccent', value)), '[^[:alnum:]]+', ' ', 'g'
    ));
end;
$$;

/*
 * Return a name as URLs contain it: `Hair & Beauty` becomes hair-beauty.
 */
create function search.slug(name text)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return replace(search.fold(slug.name), ' ', '-');
end;
$$;

/*
 * Return the words of a text with their positions. No grammar changes them, because names are in
 * all languages. to_tsvector does not fit: it splits 3e14ab into a number and two letters.
 */
create function search.to_vector(value text, weight text default 'D')
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- A tsvector holds at most one megabyte. The rest of a longer text is not searched.
    return coalesce(
        (
            select string_agg(left(word.word, 100) || ':' || word.position || to_vector.weight, ' ')
            from string_to_table(left(search.fold(to_vector.value), 100000), ' ')
                with ordinality as word (word, position)
        ),
        ''
    )::tsvector;
end;
$$;

/*
 * Return the query for a typed text: all its words, of which the last may be unfinished. Returns
 * null when the text has no words.
 */
create function search.query(value text)
returns tsquery
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    -- The folded text has only letters and digits, so it contains no operators.
    return (
        select string_agg(left(word.word, 100), ' & ') || ':*'
        from string_to_table(nullif(search.fold(query.value), ''), ' ') as word (word)
    )::tsquery;
end;
$$;

/*
 * Return the documents that businesses should have now. A business has one while it is approved and
 * active and has a public service.
 */
create function search.documents_of(business_ids uuid[])
returns setof search.documents
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        businesses.id,
        businesses.vertical_id,
        search.to_vector(businesses.name, 'A') || search.to_vector(offered.names, 'B')
        || search.to_vector(offered.categories, 'C') || search.to_vector(businesses.description),
        offered.slugs,
        business.point_on_earth(businesses.latitude::float8, businesses.longitude::float8),
        businesses.time_zone,
        offered.has_classes,
        offered.lowest_price_minor,
        businesses.is_verified,
        businesses.created_at
    from business.businesses
    cross join lateral (
        select
            string_agg(services.name, ' ' order by services.position, services.id) as names,
            string_agg(distinct service_categories.name, ' ') as categories,
            coalesce(
                array_agg(distinct search.slug(service_categories.name))
                filter (where service_categories.id is not null),
                '{}'
            ) as slugs,
            bool_or(services.is_class) as has_classes,
            min(services.price_minor) as lowest_price_minor
        from catalog.services
        left join catalog.service_categories on services.category_id = service_categories.id
        where
            services.business_id = businesses.id
            and services.is_active
            and services.archived_at is null
            and services.visibility = 'public'
            and services.access is null
    ) as offered
    where
        businesses.id = any(documents_of.business_ids)
        and businesses.status = 'approved'
        and businesses.is_active
        and offered.names is not null;
end;
$$;

/*
 * Rewrite the documents of businesses where they changed. The lock makes two transactions that
 * change the same business see each other's services.
 *
 * Definer: users who change a service have no access to documents.
 */
create function search.refresh(business_ids uuid[])
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform private.lock(business_ids);
    delete from search.documents
    where
        documents.business_id = any(refresh.business_ids)
        and documents.business_id not in (
            select present.business_id from search.documents_of(refresh.business_ids) as present
        );
    insert into search.documents
    select * from search.documents_of(refresh.business_ids)
    on conflict (business_id) do update
    set
        vertical_id = excluded.vertical_id,
        words = excluded.words,
        categories = excluded.categories,
        place = excluded.place,
        time_zone = excluded.time_zone,
        has_classes = excluded.has_classes,
        lowest_price_minor = excluded.lowest_price_minor,
        is_verified = excluded.is_verified,
        since = excluded.since
    where documents is distinct from excluded;
end;
$$;

/*
 * Rewrite all documents, after a load that fired no triggers.
 */
create function search.refresh_all()
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    truncate search.documents;
    insert into search.documents
    select *
    from search.documents_of(array(select businesses.id from business.businesses));
    analyze search.documents;
end;
$$;

-- sql/85_search/functions/entries.sql

-- The entries that products, services and businesses should have now, and how they are written.

/*
 * Return the rating of something as entries contain it: the score of docs/reviews.md from 0 to 1.
 * Without reviews it is the score that the settings of reviews start from.
 */
create function search.rating_of(business_id uuid, id uuid)
returns real
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select
            (
                reviews.score(
                    coalesce(sum(one_count + two_count + three_count + four_count + five_count), 0)::bigint,
                    coalesce(
                        sum(one_count + 2 * two_count + 3 * three_count + 4 * four_count + 5 * five_count),
                        0
                    )::bigint
                ) - 1
            ) / 4
        from reviews.rating_counts
        where
            rating_counts.business_id = rating_of.business_id
            and rating_counts.subject_id = rating_of.id
            and rating_counts.aspect = ''
    );
end;
$$;

/*
 * Return the words that the synonyms of a business add to a text.
 */
create function search.synonym_words(business_id uuid, value text)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_text text;
begin
    if not exists (
        select 1 from search.synonyms where synonyms.business_id = synonym_words.business_id
    ) then
        return '';
    end if;
    v_text = ' ' || search.fold(value) || ' ';
    return search.to_vector(
        (
            select string_agg(array_to_string(synonyms.terms, ' '), ' ' order by synonyms.id)
            from search.synonyms
            where
                synonyms.business_id = synonym_words.business_id
                and exists (
                    select 1
                    from unnest(synonyms.terms) as term
                    where strpos(v_text, ' ' || search.fold(term) || ' ') > 0
                )
        )
    );
end;
$$;

/*
 * Return what was sold of something, as entries contain it.
 */
create function search.popularity_of(business_id uuid, id uuid)
returns real
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select search.popularity(popular.unit_count)
            from search.popular
            where popular.business_id = popularity_of.business_id and popular.subject_id = popularity_of.id
        ),
        0
    );
end;
$$;

/*
 * Return the entries that some services should have now: those that are in the public catalog.
 */
create function search.service_entries(service_ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        services.business_id,
        'service'::search.kind,
        services.id,
        services.name,
        search.fold(services.name),
        search.to_words(services.name, 'A', businesses.locale)
        || search.to_words(service_categories.name, 'C', businesses.locale)
        || search.to_words(services.description, 'D', businesses.locale)
        || search.to_vector(businesses.name)
        || search.synonym_words(
            services.business_id,
            concat_ws(' ', services.name, service_categories.name, services.description)
        ),
        businesses.vertical_id,
        array_remove(array[search.slug(service_categories.name)], null),
        null::text,
        '{}'::jsonb,
        services.currency,
        services.price_minor,
        services.price_minor,
        services.access,
        null::extensions.cube,
        services.created_at,
        search.rating_of(services.business_id, services.id),
        search.popularity_of(services.business_id, services.id),
        businesses.is_verified,
        null::real
    from catalog.services
    inner join business.businesses on businesses.id = services.business_id
    left join catalog.service_categories
        on
            service_categories.business_id = services.business_id
            and service_categories.id = services.category_id
    where
        services.id = any(service_entries.service_ids)
        and services.is_active
        and services.archived_at is null
        and services.visibility = 'public';
end;
$$;

/*
 * Return the entries of some businesses. Each business has one, whether it is open or not.
 */
create function search.business_entries(business_ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        businesses.id,
        'business'::search.kind,
        businesses.id,
        businesses.name,
        search.fold(businesses.name),
        search.to_words(businesses.name, 'A', businesses.locale)
        || search.to_words(businesses.description, 'D', businesses.locale)
        || search.synonym_words(
            businesses.id, concat_ws(' ', businesses.name, businesses.description)
        ),
        businesses.vertical_id,
        '{}'::text[],
        null::text,
        '{}'::jsonb,
        null::text,
        null::bigint,
        null::bigint,
        null::text,
        business.point_on_earth(businesses.latitude::float8, businesses.longitude::float8),
        businesses.created_at,
        search.rating_of(businesses.id, businesses.id),
        search.popularity_of(businesses.id, businesses.id),
        businesses.is_verified,
        null::real
    from business.businesses
    where businesses.id = any(business_entries.business_ids);
end;
$$;

-- sql/85_search/functions/entries_products.sql

-- The entries of products: what is published, with everything that names a product.

/*
 * Return the words of products beside those in their own row: names and descriptions in other
 * languages, the brand, the numbers of variants, the names of the category and those above it.
 */
create function search.words_of_product(product catalog.products, locale text)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_words tsvector = search.to_words(product.name, 'A', locale)
    || search.to_words(product.description, 'D', locale)
    || search.to_words(
        (
            select string_agg(value, ' ' order by key)
            from jsonb_each_text(product.attributes)
        ),
        'C', locale
    );
    v_translation record;
begin
    for v_translation in
        select product_translations.locale, product_translations.name, product_translations.description
        from catalog.product_translations
        where
            product_translations.business_id = product.business_id
            and product_translations.product_id = product.id
        order by product_translations.locale
    loop
        v_words = v_words
        || search.to_words(v_translation.name, 'A', v_translation.locale)
        || search.to_words(v_translation.description, 'D', v_translation.locale);
    end loop;
    return v_words || search.to_vector(
        concat_ws(
            ' ',
            (
                select brands.name
                from catalog.brands
                where brands.business_id = product.business_id and brands.id = product.brand_id
            ),
            (
                select string_agg(
                    concat_ws(' ', product_variants.sku, product_variants.barcode), ' '
                    order by product_variants.position, product_variants.sku
                )
                from catalog.product_variants
                where
                    product_variants.business_id = product.business_id
                    and product_variants.product_id = product.id
                    and product_variants.is_active
            )
        ),
        'B'
    );
end;
$$;

/*
 * Return the categories of some products, each with the slugs and the names of itself and of those
 * above it.
 */
create function search.paths_of_categories(product_ids uuid[])
returns table (business_id uuid, category_id uuid, slugs text[], names text)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        used.business_id,
        used.category_id,
        array_agg(product_categories.slug order by product_categories.slug),
        string_agg(product_categories.name, ' ' order by product_categories.slug)
    from (
        select distinct products.business_id, products.category_id
        from catalog.products
        where products.id = any(paths_of_categories.product_ids)
    ) as used
    cross join lateral catalog.category_path(used.business_id, used.category_id) as path (id)
    inner join catalog.product_categories
        on
            product_categories.business_id = used.business_id
            and product_categories.id = path.id
    group by used.business_id, used.category_id;
end;
$$;

/*
 * Return the entries that some products should have now: those that are published.
 */
create function search.product_entries(product_ids uuid[])
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        products.business_id,
        'product'::search.kind,
        products.id,
        products.name,
        search.fold(products.name),
        search.words_of_product(products, businesses.locale)
        || search.to_words(paths.names, 'C', businesses.locale)
        || search.synonym_words(
            products.business_id, concat_ws(' ', products.name, paths.names, products.description)
        ),
        businesses.vertical_id,
        coalesce(paths.slugs, '{}'),
        brands.slug,
        products.attributes,
        products.currency,
        products.lowest_price_minor,
        products.highest_price_minor,
        products.access,
        null::extensions.cube,
        products.created_at,
        search.rating_of(products.business_id, products.id),
        search.popularity_of(products.business_id, products.id),
        false,
        null::real
    from catalog.products
    inner join business.businesses on businesses.id = products.business_id
    left join search.paths_of_categories(product_entries.product_ids) as paths
        on
            paths.business_id = products.business_id
            and paths.category_id = products.category_id
    left join catalog.brands
        on brands.business_id = products.business_id and brands.id = products.brand_id
    where
        products.id = any(product_entries.product_ids)
        and products.is_published
        and products.archived_at is null;
end;
$$;

-- sql/85_search/functions/entries_writing.sql

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

-- sql/85_search/functions/facets.sql

-- Facets: how many results each value of a filter would have. Each facet ignores its own filter and
-- obeys all others, so the counts say what a click on a value brings. At most 5,000 entries are
-- counted, because counting 100,000 takes half a second.

-- An entry that fits the words, with the filters that it does not pass: a bit for each filter. An
-- entry without bits is a result.
create type search.match as (
    kind search.kind,
    categories text array,
    brand text,
    vertical_id text,
    currency text,
    lowest_price_minor bigint,
    attributes jsonb,
    failed bigint
);

/*
 * Return the entries that fit the words and the filters without a facet, with the filters that each
 * does not pass. Return one more than are counted if there are more.
 */
create function search.matches(criteria search.entry_criteria)
returns setof search.match
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
begin
    return query execute concat(
        'select entries.kind, entries.categories, entries.brand, entries.vertical_id,'
        ' entries.currency, entries.lowest_price_minor, entries.attributes, ',
        (
            select concat_ws(
                ' + ', '0::bigint',
                string_agg(
                    format(
                        'case when %s then 0 else %s end', filter.condition, filter.bit_value
                    ),
                    ' + '
                )
            )
            from search.facet_conditions(criteria) as filter
        ),
        ' from search.entries where ', search.base_conditions(criteria),
        ' and ', search.other_conditions(criteria), ' limit 5001'
    )
    using criteria;
end;
$$;

/*
 * Return how often each value of each facet occurs in some entries. A facet of an attribute is
 * called attributes.KEY.
 */
create function search.count_values(matches search.match[], wanted jsonb)
returns table (facet text, value jsonb, count bigint)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    with matched as materialized (
        select * from unnest(matches)
    ),

    -- Many entries have the same attributes, and to take these apart costs most.
    described as (
        select matched.attributes, matched.failed, count(*) as count
        from matched
        where matched.attributes <> '{}'
        group by matched.attributes, matched.failed
    )

    select 'kinds', to_jsonb(matched.kind), count(*)
    from matched
    where matched.failed & ~1::bigint = 0
    group by matched.kind
    union all
    select 'categories', to_jsonb(category), count(*)
    from matched
    cross join lateral unnest(matched.categories) as category
    where matched.failed & ~2::bigint = 0
    group by category
    union all
    select 'brands', to_jsonb(matched.brand), count(*)
    from matched
    where matched.failed & ~4::bigint = 0 and matched.brand is not null
    group by matched.brand
    union all
    select 'verticals', to_jsonb(matched.vertical_id), count(*)
    from matched
    where matched.failed & ~8::bigint = 0
    group by matched.vertical_id
    union all
    select 'attributes.' || attribute.key, attribute.value, sum(described.count)::bigint
    from described
    cross join lateral jsonb_each(described.attributes) as attribute (key, value)
    left join search.attribute_bits(wanted) as bits on bits.key = attribute.key
    where described.failed & ~coalesce(bits.flag, 0::bigint) = 0
    group by attribute.key, attribute.value;
end;
$$;

/*
 * Return the lowest and the highest price of some entries in each currency, with their number.
 */
create function search.count_prices(matches search.match[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return (
        select coalesce(jsonb_agg(to_jsonb(prices) order by prices.count desc, prices.currency), '[]')
        from (
            select
                matched.currency,
                min(matched.lowest_price_minor) as lowest_price_minor,
                max(matched.lowest_price_minor) as highest_price_minor,
                count(*) as count
            from unnest(matches) as matched
            where matched.failed & ~112::bigint = 0 and matched.lowest_price_minor is not null
            group by matched.currency
        ) as prices
    );
end;
$$;

/*
 * Return the facets of a search: {count, is_complete, kinds, categories, brands, verticals, prices,
 * attributes}. Each list has at most 50 values, the most frequent first. is_complete is false if
 * more entries fit than are counted: then the counts are too low.
 */
create function search.facets(criteria search.entry_criteria)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_found constant search.match[] = array(select match from search.matches(criteria) as match);
    v_matches constant search.match[] = v_found[:5000];
    v_lists jsonb;
begin
    select coalesce(jsonb_object_agg(lists.facet, lists.list), '{}') into v_lists
    from (
        select
            numbered.facet,
            jsonb_agg(
                jsonb_build_object('value', numbered.value, 'count', numbered.count)
                order by numbered.place
            ) as list
        from (
            select
                counted.*,
                row_number() over (
                    partition by counted.facet order by counted.count desc, counted.value
                ) as place
            from search.count_values(v_matches, coalesce(criteria.attributes, '{}')) as counted
        ) as numbered
        where numbered.place <= 50
        group by numbered.facet
    ) as lists;
    return jsonb_build_object(
        'count', (select count(*) from unnest(v_matches) as matched where matched.failed = 0),
        'is_complete', cardinality(v_found) <= 5000,
        'kinds', coalesce(v_lists -> 'kinds', '[]'),
        'categories', coalesce(v_lists -> 'categories', '[]'),
        'brands', coalesce(v_lists -> 'brands', '[]'),
        'verticals', coalesce(v_lists -> 'verticals', '[]'),
        'prices', search.count_prices(v_matches),
        'attributes', (
            select coalesce(jsonb_object_agg(substr(lists.facet, 12), lists.list), '{}')
            from jsonb_each(v_lists) as lists (facet, list)
            where lists.facet like 'attributes.%'
        )
    );
end;
$$;

-- sql/85_search/functions/finding.sql

-- The search as a whole: what is asked becomes criteria, which become a page of results.

/*
 * Read what somebody asks for.
 *
 * Errors:  PT400 invalid_input
 */
create function search.to_criteria(
    q text, kinds text, filters text, sort text, page_size text, cursor text, wanted text[],
    meaning text
)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria;
begin
    v_criteria.kinds = search.to_kinds(kinds);
    v_criteria = search.with_filters(
        search.for_caller(v_criteria),
        private.to_object(
            filters, 'filters',
            '{business_id,vertical,categories,brands,currency,min_price_minor,max_price_minor,'
            'in_stock,min_rating,near,radius_km,attributes}'
        )
    );
    v_criteria = search.with_page(v_criteria, sort, page_size, cursor);
    return search.with_meaning(search.with_words(v_criteria, q, wanted), meaning);
end;
$$;

/*
 * Return a page of results as public.search does.
 *
 * Definer: nobody reads entries. Every question begins with search.for_caller, which says what the
 * caller may see.
 *
 * Errors:  PT400 invalid_input
 */
create function search.find(
    q text, kinds text, filters text, sort text, page_size text, cursor text, facets text,
    explain text, wanted text[], meaning text default null
)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_has_facets constant boolean = coalesce(private.to_yes_no(facets, 'facets'), false);
    v_is_explained constant boolean = coalesce(private.to_yes_no(explain, 'explain'), false);
    v_criteria constant search.entry_criteria = search.to_criteria(
        q, kinds, filters, sort, page_size, cursor, wanted, meaning
    );
    v_hits constant search.hit[] = search.page_of(v_criteria);
    v_last constant search.hit = v_hits[v_criteria.page_size];
begin
    if v_has_facets and v_criteria.words is null and v_criteria.business_id is null then
        perform private.invalid('facets', 'requires q or filters.business_id');
    end if;
    return jsonb_build_object(
        'results', (
            select coalesce(
                jsonb_agg(
                    search.shown(v_hits[position], v_criteria, wanted, v_is_explained)
                    order by position
                ),
                '[]'
            )
            from generate_series(1, least(cardinality(v_hits), v_criteria.page_size)) as position
        ),
        'facets', case when v_has_facets then search.facets(v_criteria) end,
        'next_cursor', case
            when cardinality(v_hits) > v_criteria.page_size then v_last.rank || ',' || v_last.id
        end
    );
end;
$$;

-- sql/85_search/functions/matching.sql

-- Which entries somebody finds, and in which order. Everybody finds what the catalog shows to them:
-- what is published of businesses that are open; of what asks for an entitlement, only what they
-- are entitled to; and as a member everything of one's own business that is published.

/*
 * Return criteria with what the caller may see.
 */
create function search.for_caller(criteria search.entry_criteria)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_criteria search.entry_criteria = criteria;
begin
    v_criteria.hidden_businesses = array(
        select businesses.id
        from business.businesses
        where not businesses.is_active or businesses.status <> 'approved'
    );
    v_criteria.own_businesses = array(select private.my_businesses('view'));
    v_criteria.passes = array(
        select customers.business_id || ' ' || entitlements.access
        from customers.customers
        inner join customers.entitlements
            on
                entitlements.business_id = customers.business_id
                and entitlements.customer_id = coalesce(customers.merged_into_id, customers.id)
        where
            customers.user_id = auth.uid()
            and entitlements.during @> private.now()
    );
    return v_criteria;
end;
$$;

/*
 * Return the businesses around a place.
 */
create function search.businesses_around(latitude float8, longitude float8, radius_km integer)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_here constant extensions.cube = business.point_on_earth(latitude, longitude);
    v_around constant extensions.cube = extensions.cube_enlarge(v_here, radius_km, 3);
begin
    return array(
        select entries.business_id
        from search.entries
        where
            entries.kind = 'business'
            and entries.place operator(extensions.<@) v_around
            and business.way_km(entries.place operator(extensions.<->) v_here) <= radius_km
    );
end;
$$;

/*
 * Does anything that the caller may see contain the words, at the business that was asked for? It
 * does not look at other filters, so a query means the same with every filter.
 */
create function search.has_matches(criteria search.entry_criteria)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
set enable_seqscan = 'off'
as $$
declare
    v_conditions constant text = search.base_conditions(criteria);
    v_has_matches boolean;
begin
    -- Frequent words are soon met in the order of standing.
    execute concat(
        'select exists (select 1 from (select * from search.entries'
        ' order by standing desc, subject_id limit 500) as entries where ', v_conditions, ')'
    ) into v_has_matches using criteria;
    if not v_has_matches then
        execute concat(
            'select exists (select 1 from search.entries where ', v_conditions, ')'
        ) into v_has_matches using criteria;
    end if;
    return v_has_matches;
end;
$$;

/*
 * Can a product be had now: one of its variants, in some store?
 */
create function search.is_in_stock(business_id uuid, product_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return exists (
        select 1
        from catalog.product_variants
        where
            product_variants.business_id = is_in_stock.business_id
            and product_variants.product_id = is_in_stock.product_id
            and product_variants.is_active
            and commerce.is_in_stock(product_variants.business_id, product_variants.id, null)
    );
end;
$$;

/*
 * Return how well the words of an entry fit, from 0 to about 1.5: PostgreSQL's ts_rank with the
 * weights of entries, and more if the name is or begins with what was typed.
 */
create function search.word_score(query tsquery, folded text, words tsvector, folded_name text)
returns double precision
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return coalesce(
        ts_rank('{0.1,0.2,0.4,1}', words, query) + case
            when folded_name = folded then 0.5
            when starts_with(folded_name, folded) then 0.2
            else 0
        end,
        0
    );
end;
$$;

/*
 * Return the expression of an order: the higher it is, the earlier an entry comes. What has no
 * price or no place comes last.
 */
create function search.rank_expression(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case criteria.sort
        when 'relevance' then case when criteria.meant is not null then search.mixed_expression() else
            case when criteria.words is not null
                then 'search.word_score(($1).words, ($1).folded, entries.words, entries.folded_name) + '
                else '' end
            || 'entries.standing' end
        when 'price' then 'coalesce(-entries.lowest_price_minor, ''-infinity''::float8)'
        when 'price_descending' then 'coalesce(entries.lowest_price_minor, ''-infinity''::float8)'
        when 'newest' then 'extract(epoch from entries.since)'
        when 'rating' then 'entries.rating'
        when 'popular' then 'entries.popularity'
        when 'distance' then
            'coalesce(-(select here.place operator(extensions.<->) ($1).here'
            ' from search.entries as here'
            ' where here.business_id = entries.business_id and here.kind = ''business'''
            ' and here.subject_id = entries.business_id), ''-infinity'')'
    end;
end;
$$;

/*
 * Return the conditions of everything that was asked for.
 */
create function search.all_conditions(criteria search.entry_criteria)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        ' and ',
        search.base_conditions(criteria),
        search.other_conditions(criteria),
        -- These can be found by the index.
        case when criteria.attributes is not null
            then 'entries.attributes @> catalog.exact_values(($1).attributes)' end,
        (
            select string_agg(filter.condition, ' and ')
            from search.facet_conditions(criteria) as filter
        )
    );
end;
$$;

/*
 * Return the entries that fit all criteria, best first, one more than a page has.
 */
create function search.hits(criteria search.entry_criteria)
returns setof search.hit
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
begin
    return query execute concat(
        'select kind, business_id, id, rank from (select entries.kind, entries.business_id,'
        ' entries.subject_id as id, (', search.rank_expression(criteria), ')::float8 as rank from ',
        case
            when
                criteria.sort = 'relevance' and criteria.words is not null and criteria.meant is null
                then '(select distinct on (kind, subject_id) * from search.compared($1)) as entries'
            else 'search.entries where ' || search.all_conditions(criteria)
        end,
        ') as ranked',
        case when criteria.after_id is not null
            then ' where rank < ($1).after_rank or rank = ($1).after_rank and id > ($1).after_id'
        end,
        ' order by rank desc, id limit ($1).page_size + 1'
    )
    using criteria;
end;
$$;

/*
 * Return the first entries without words and filters, in the order of relevance. It reads the index
 * of that order only as far as the page goes.
 */
create function search.standing_hits(criteria search.entry_criteria)
returns setof search.hit
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
begin
    return query execute concat(
        'select entries.kind, entries.business_id, entries.subject_id, entries.standing::float8'
        ' from search.entries where ',
        search.base_conditions(criteria),
        case when criteria.kinds is not null then ' and entries.kind = any(($1).kinds)' end,
        case when criteria.after_id is not null
            then ' and entries.standing <= ($1).after_rank::real'
            ' and (entries.standing < ($1).after_rank::real or entries.subject_id > ($1).after_id)'
        end,
        ' order by entries.standing desc, entries.subject_id limit ($1).page_size + 1'
    )
    using criteria;
end;
$$;

/*
 * Return a page of what fits the criteria, best first, and one more if there is one.
 */
create function search.page_of(criteria search.entry_criteria)
returns search.hit[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if criteria.sort = 'relevance'
        and criteria.words is null
        and num_nonnulls(
            criteria.business_id, criteria.vertical_id, criteria.categories, criteria.brands,
            criteria.attributes, criteria.currency, criteria.min_price_minor,
            criteria.max_price_minor, criteria.min_rating, criteria.nearby, criteria.is_in_stock
        ) = 0 then
        return array(select hit from search.standing_hits(criteria) as hit);
    end if;
    return array(select hit from search.hits(criteria) as hit);
end;
$$;

-- sql/85_search/functions/meaning.sql

-- Finding by meaning: which vectors are near the vector of a query, and how their ranks are mixed
-- with the ranks by words. Only search.distance_expression knows whether the database has pgvector.

/*
 * Return the expression of the distance between an entry's vector and the vector $2, whose parts
 * are $4: 1 less their cosine. Where the database has pgvector, it counts, by its index if there
 * is one. Elsewhere the squares of the distances of the parts add up to twice as much, exactly,
 * because the vectors have the length 1.
 */
create function search.distance_expression(size integer)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if to_regtype('extensions.vector') is not null then
        return format(
            '(vectors.vector::extensions.vector(%1$s)'
            ' operator(extensions.<=>) ($2)::extensions.vector(%1$s))',
            size
        );
    end if;
    return (
        select '(' || string_agg(
            format('(vectors.parts[%1$s] operator(extensions.<->) ($4)[%1$s]) ^ 2', number), ' + '
        ) || ') / 2'
        from generate_series(1, ceil(size / 96.0)::integer) as number
    );
end;
$$;

/*
 * Return a vector as points of at most 96 dimensions; a point has at most 100.
 */
create function search.parts_of(vector real[])
returns extensions.cube[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select extensions.cube(vector[first:first + 95]::double precision[])
        from generate_series(1, cardinality(vector), 96) as first
        order by first
    );
end;
$$;

/*
 * Return a vector with its own direction and the length 1; null if it has no direction.
 */
create function search.normalized(vector double precision[])
returns real[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_length constant double precision = (select sqrt(sum(x * x)) from unnest(vector) as x);
begin
    if coalesce(v_length, 0) = 0 then
        return null;
    end if;
    return array(
        select (element.x / v_length)::real
        from unnest(vector) with ordinality as element (x, position)
        order by element.position
    );
end;
$$;

/*
 * Is anybody served by meaning? While nobody is, no vectors are written.
 */
create function search.has_meaning()
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1 from flags.flags where flags.key = 'search_by_meaning' and flags.is_enabled
    );
end;
$$;

/*
 * Return the hundred entries that mean what is most similar to a vector, the nearest first, of
 * those that the caller may see, at the business that was asked for. As with words, filters come
 * later, so that facets are right.
 */
create function search.nearest(criteria search.entry_criteria, model text, vector real[])
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set jit = 'off'
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_nearest uuid[];
begin
    v_criteria.words = null;
    execute concat(
        'select array_agg(near.subject_id order by near.distance, near.subject_id) from ('
        'select entries.subject_id, ', search.distance_expression(cardinality(vector)), ' as distance'
        ' from search.vectors inner join search.entries using (business_id, kind, subject_id)'
        ' where vectors.model = $3 and cardinality(vectors.vector) = cardinality($2) and ',
        search.base_conditions(v_criteria),
        ' order by distance limit 100) as near'
        ' where near.distance <= (select 1 - settings.least_similarity from search.settings)'
    ) into v_nearest using v_criteria, vector, model, search.parts_of(vector);
    return coalesce(v_nearest, '{}');
end;
$$;

/*
 * Return criteria with what means something similar to the words, if the flag is on for the caller.
 *
 * Errors:  PT400 invalid_input
 */
create function search.with_meaning(criteria search.entry_criteria, meaning text)
returns search.entry_criteria
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_criteria search.entry_criteria = criteria;
    v_meaning constant jsonb = private.to_object(meaning, 'meaning', '{model,vector}');
    v_model constant text = private.to_text(v_meaning ->> 'model', 'meaning.model', 200);
    v_numbers constant jsonb = private.to_list(v_meaning ->> 'vector', 'meaning.vector', 2000);
    v_vector real[];
begin
    if meaning is null then
        return v_criteria;
    elsif v_criteria.words is null then
        perform private.invalid('meaning', 'requires q');
    elsif v_model is null then
        perform private.invalid('meaning.model', 'is required');
    elsif exists (
        select 1
        from jsonb_array_elements(v_numbers) as number (value)
        where jsonb_typeof(number.value) <> 'number' or abs((number.value)::numeric) > 1e6
    ) then
        perform private.invalid('meaning.vector', 'must have numbers from -1000000 to 1000000');
    end if;
    v_vector = search.normalized(
        array(select value::float8 from jsonb_array_elements_text(v_numbers) as number (value))
    );
    if v_vector is null then
        perform private.invalid('meaning.vector', 'must have a number that is not 0');
    end if;
    if private.flag('search_by_meaning') then
        v_criteria.meant = search.nearest(v_criteria, v_model, v_vector);
    end if;
    return v_criteria;
end;
$$;

/*
 * Return the expression of the order by words and meaning: reciprocal rank fusion.
 *
 * Source: Cormack, Clarke and Büttcher, Reciprocal Rank Fusion (2009), with their constant 60.
 */
create function search.mixed_expression()
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return 'case when entries.words @@ ($1).words then 1 / (60 + rank() over (order by'
    ' entries.words @@ ($1).words desc,'
    ' search.word_score(($1).words, ($1).folded, entries.words, entries.folded_name)'
    ' + entries.standing desc))::float8'
    ' else 0 end'
    ' + coalesce(1 / (60 + array_position(($1).meant, entries.subject_id))::float8, 0)';
end;
$$;

/*
 * Return how the rank of a result among words and meaning comes about: two parts, which add up to
 * its score.
 */
create function search.mix_explained(criteria search.entry_criteria, hit search.hit)
returns jsonb
language plpgsql
immutable
security invoker
set search_path = ''
as $$
declare
    v_by_meaning constant double precision = coalesce(
        1 / (60 + array_position(criteria.meant, hit.id))::double precision, 0
    );
begin
    return jsonb_build_object(
        'by_words', hit.rank - v_by_meaning,
        'by_meaning', v_by_meaning,
        'query', criteria.words::text
    );
end;
$$;

-- sql/85_search/functions/meaning_writing.sql

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

-- sql/85_search/functions/opening.sql

-- Whether a business may be open in a period, as far as its weekly hours tell. This keeps a search
-- from asking scheduling.vacancies, which decides, about every business in the middle of the night.
-- Each function reads all candidates of a batch at once: a call for each takes three times as long.

/*
 * Return those of some candidates that may be open in a period, in their order. Whatever is no
 * matter of weekly hours counts as open, and so does everything in a period of a day or more.
 */
create function search.may_be_open(candidates search.candidate[], during tstzrange)
returns setof search.candidate
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_periods search.local_period[];
    v_open integer[];
begin
    if upper(during) - lower(during) >= interval '1 day' then
        return query
        select * from unnest(candidates);
        return;
    end if;
    v_periods = array(select period from search.local_periods(candidates, during) as period);
    v_open = array(select search.in_weekly_hours(v_periods));
    v_periods = array(
        select period
        from unnest(v_periods) as period
        where period.rank not in (select unnest(v_open))
    );
    v_open = v_open || array(select search.beside_weekly_hours(v_periods));
    return query
    select
        candidate.business_id,
        candidate.time_zone,
        candidate.has_classes,
        candidate.distance_km
    from unnest(candidates) with ordinality as candidate
    where candidate.ordinality in (select unnest(v_open))
    order by candidate.ordinality;
end;
$$;

/*
 * Return a period by the clock of each of some candidates.
 */
create function search.local_periods(candidates search.candidate[], during tstzrange)
returns setof search.local_period
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        candidate.ordinality::integer,
        candidate.business_id,
        lower(during) at time zone candidate.time_zone,
        upper(during) at time zone candidate.time_zone,
        candidate.has_classes
        or (upper(during) + interval '36 hours') at time zone candidate.time_zone
        - (lower(during) - interval '36 hours') at time zone candidate.time_zone
        <> upper(during) - lower(during) + interval '72 hours'
    from unnest(candidates) with ordinality as candidate;
end;
$$;

/*
 * Return the ranks of the periods that touch weekly hours of their business or its resources.
 */
create function search.in_weekly_hours(periods search.local_period[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select period.rank
    from unnest(periods) as period
    cross join lateral (
        select
            extract(isodow from period.from_at)::smallint as first,
            extract(isodow from period.to_at)::smallint as last
        offset 0
    ) as weekdays
    where
        exists (
            select 1
            from catalog.working_hours
            where
                working_hours.business_id = period.business_id
                and working_hours.weekday = any(array[weekdays.first, weekdays.last])
                and (
                    working_hours.weekday = weekdays.first
                    and period.from_at::date + working_hours.opens_at < period.to_at
                    and period.from_at::date + working_hours.closes_at > period.from_at
                    or working_hours.weekday = weekdays.last
                    and period.to_at::date + working_hours.opens_at < period.to_at
                    and period.to_at::date + working_hours.closes_at > period.from_at
                )
        );
end;
$$;

/*
 * Return the ranks of the periods in which a business may be open beside its weekly hours: special
 * days, classes, travels, zones of resources, rooms without hours, and clocks about to change.
 */
create function search.beside_weekly_hours(periods search.local_period[])
returns setof integer
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select period.rank
    from unnest(periods) as period
    where
        period.is_uncertain
        or exists (
            select 1
            from catalog.schedule_exceptions
            where
                schedule_exceptions.business_id = period.business_id
                and schedule_exceptions.opens_at is not null
                and schedule_exceptions.starts_on <= period.to_at::date
                and schedule_exceptions.ends_on >= period.from_at::date
        )
        or exists (
            select 1
            from catalog.travel_zones
            where
                travel_zones.business_id = period.business_id
                and travel_zones.starts_on <= period.to_at::date + 2
                and travel_zones.ends_on >= period.from_at::date - 2
        )
        or exists (
            select 1
            from catalog.resources
            where
                resources.business_id = period.business_id
                and resources.is_active
                and (
                    resources.time_zone is not null
                    or resources.kind <> 'staff'
                    and not exists (
                        select 1
                        from catalog.working_hours
                        where
                            working_hours.business_id = period.business_id
                            and working_hours.resource_id is null
                    )
                )
        );
end;
$$;

-- sql/85_search/functions/proposals.sql

-- What may be recommended, for each reason, before it is asked whether it may be shown.

/*
 * Return the products and services that the caller bought and kept, with how often and when last.
 */
create function search.own_purchases()
returns table (
    business_id uuid, kind search.kind, subject_id uuid, times bigint, last_at timestamptz
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        bought.business_id, bought.kind, bought.subject_id, count(*), max(bought.at)
    from (
        select
            orders.business_id, 'product'::search.kind as kind, product_variants.product_id as subject_id,
            orders.placed_at as at
        from commerce.orders
        inner join commerce.order_items
            on
                order_items.business_id = orders.business_id
                and order_items.order_id = orders.id
        inner join catalog.product_variants
            on
                product_variants.business_id = order_items.business_id
                and product_variants.id = order_items.variant_id
        where
            orders.customer_id = (select auth.uid())
            and orders.status not in ('pending', 'cancelled', 'expired', 'returned')
            and order_items.quantity
            > order_items.cancelled_quantity + order_items.returned_quantity
        union all
        select
            bookings.business_id, 'service', booking_items.service_id, bookings.starts_at
        from scheduling.bookings
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        where
            bookings.customer_id = (select auth.uid())
            and bookings.status in ('confirmed', 'checked_in', 'completed')
            and booking_items.cancelled_at is null
    ) as bought
    group by bought.business_id, bought.kind, bought.subject_id;
end;
$$;

/*
 * May what the caller bought at a business be used for personal recommendations? If the business
 * asks for consent to `recommendations`, only after a yes; otherwise unless the answer was no.
 */
create function search.may_personalize(business_id uuid)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return coalesce(
        (
            select consents.is_given
            from crm.consents
            where
                consents.user_id = (select auth.uid())
                and consents.business_id = may_personalize.business_id
                and consents.purpose = 'recommendations'
            order by consents.at desc
            limit 1
        ),
        not exists (
            select 1
            from crm.consent_purposes
            where
                consent_purposes.business_id = may_personalize.business_id
                and consent_purposes.key = 'recommendations'
        )
    );
end;
$$;

/*
 * Return what is bought together with a product.
 */
create function search.propose_together(subject_id uuid)
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pairs.business_id, 'product'::search.kind, pairs.other_id, pairs.strength::float8,
        'bought_together'
    from search.entries
    inner join search.pairs
        on pairs.business_id = entries.business_id and pairs.product_id = entries.subject_id
    where entries.subject_id = propose_together.subject_id and entries.kind = 'product'
    order by 4 desc, pairs.other_id;
end;
$$;

/*
 * Return what is like a product or a service: of the same kind and currency, with a category in
 * common or of the same brand, better the more attributes and words of the name agree.
 */
create function search.propose_similar(subject_id uuid)
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_like search.entries;
begin
    select entries.* into v_like
    from search.entries
    where entries.subject_id = propose_similar.subject_id;
    return query
    select
        others.business_id,
        others.kind,
        others.subject_id,
        case when others.brand = v_like.brand then 0.2 else 0 end
        + case when others.categories = v_like.categories then 0.3 else 0.1 end
        + 0.3 * ts_rank(others.words, array_to_string(
            tsvector_to_array(search.to_vector(v_like.name)), ' | '
        )::tsquery)
        + 0.2 * (
            select count(*)
            from jsonb_each(v_like.attributes) as own (key, value)
            where others.attributes -> own.key = own.value
        ) / greatest((select count(*) from jsonb_object_keys(v_like.attributes)), 1),
        'similar'
    from search.entries as others
    where
        others.kind = v_like.kind
        and others.subject_id <> v_like.subject_id
        and others.currency = v_like.currency
        and (
            others.categories && v_like.categories
            or others.business_id = v_like.business_id and others.brand = v_like.brand
        )
    order by 4 desc, others.subject_id
    limit 200;
end;
$$;

/*
 * Return what the caller had before, what they had most often first.
 */
create function search.propose_again()
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return query
    select
        own.business_id, own.kind, own.subject_id,
        own.times + extract(epoch from own.last_at)::float8 / 1e11,
        'again'
    from search.own_purchases() as own
    order by 4 desc, own.subject_id
    limit 200;
end;
$$;

/*
 * Return what is bought together with what the caller bought, where they agreed to it.
 */
create function search.propose_personal()
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select
        pairs.business_id, 'product'::search.kind, pairs.other_id, sum(pairs.strength)::float8,
        'personal'
    from search.own_purchases() as own
    inner join search.pairs
        on pairs.business_id = own.business_id and pairs.product_id = own.subject_id
    where own.kind = 'product' and search.may_personalize(own.business_id)
    group by pairs.business_id, pairs.other_id
    order by 4 desc, pairs.other_id
    limit 200;
end;
$$;

/*
 * Return what is sold most in the window of popular, or of trending.
 */
create function search.propose_popular(is_trending boolean)
returns setof search.proposal
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    return query
    select
        popular.business_id,
        popular.kind,
        popular.subject_id,
        case when is_trending then popular.trending_count else popular.unit_count end::float8,
        case when is_trending then 'trending' else 'popular' end
    from search.popular
    where
        popular.kind <> 'business'
        and case when is_trending then popular.trending_count else popular.unit_count end > 0
    order by 4 desc, popular.subject_id
    limit 500;
end;
$$;

-- sql/85_search/functions/rebuilding.sql

-- Writing all entries anew, after a load that fired no triggers, or after a release that changed
-- what entries contain.

/*
 * Write the entries of the next products, services or businesses, in the order of their ids. It
 * returns the last id and how many there were; none when all are done.
 */
create function search.rebuild_batch(
    kind search.kind, after_id uuid, maximum integer, out last_id uuid, out count integer
)
returns record
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
declare
    v_ids uuid[];
    v_business_ids uuid[];
begin
    case rebuild_batch.kind
        when 'product' then
            select array_agg(next.id order by next.id), array_agg(distinct next.business_id)
            into v_ids, v_business_ids
            from (
                select products.id, products.business_id
                from catalog.products
                where products.id > after_id
                order by products.id
                limit maximum
            ) as next;
        when 'service' then
            select array_agg(next.id order by next.id), array_agg(distinct next.business_id)
            into v_ids, v_business_ids
            from (
                select services.id, services.business_id
                from catalog.services
                where services.id > after_id
                order by services.id
                limit maximum
            ) as next;
        when 'business' then
            select array_agg(next.id order by next.id)
            into v_ids
            from (
                select businesses.id
                from business.businesses
                where businesses.id > after_id
                order by businesses.id
                limit maximum
            ) as next;
            v_business_ids = v_ids;
    end case;
    count = coalesce(cardinality(v_ids), 0);
    last_id = v_ids[count];
    perform search.write_entries(rebuild_batch.kind, v_business_ids, coalesce(v_ids, '{}'));
end;
$$;

/*
 * Return how many products, services or businesses there are to write entries of.
 */
create function search.rebuild_size(kind search.kind)
returns bigint
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case rebuild_size.kind
        when 'product' then (select count(*) from catalog.products)
        when 'service' then (select count(*) from catalog.services)
        when 'business' then (select count(*) from business.businesses)
    end;
end;
$$;

/*
 * Delete the entries of products and services that exist no more, and count the words of entries
 * anew: words that no entry has are deleted, and missing ones are added. Returns how many entries
 * were deleted.
 *
 * Definer: called by the worker, which has no access to the catalog.
 */
create function search.delete_leftovers()
returns bigint
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_count bigint;
begin
    perform pg_advisory_xact_lock(hashtextextended('search.delete_leftovers', 0));
    delete from search.entries
    where
        entries.kind = 'product'
        and not exists (select 1 from catalog.products where products.id = entries.subject_id)
        or entries.kind = 'service'
        and not exists (select 1 from catalog.services where services.id = entries.subject_id);
    get diagnostics v_count = row_count;
    delete from search.words
    using search.words as other
    where words.word = other.word and words.ctid > other.ctid;
    with present as materialized (
        select counted.word
        from ts_stat('select words from search.entries') as counted
        where counted.word ~ '^[[:alpha:]]{3,40}$'
    ),

    deleted as (
        delete from search.words
        where not exists (select 1 from present where present.word = words.word)
    )

    insert into search.words (word, shortened)
    select present.word, search.shortened(present.word)
    from present
    where not exists (select 1 from search.words where words.word = present.word);
    return v_count;
end;
$$;

/*
 * Do what the search needs once a day: delete what is left over, and count sales where nothing is
 * counted, as after a restore that left the counts out.
 *
 * Definer: as search.delete_leftovers.
 */
create function search.keep_house()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.delete_leftovers();
    if not exists (select 1 from search.popular) then
        perform search.count_sales();
    end if;
end;
$$;

-- sql/85_search/functions/recommendations.sql

-- What was sold, counted by a job: how popular each thing is, and which products are bought
-- together. What was cancelled, returned or given back is not counted.

/*
 * Return how popular a number of sales makes something: 0 for none, 1 from a thousand on.
 */
create function search.popularity(unit_count bigint)
returns real
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return least(ln(1 + greatest(unit_count, 0)) / ln(1001), 1)::real;
end;
$$;

/*
 * Return the pieces of products that were sold since an instant and kept: those of orders that
 * hold, without pieces that were cancelled or returned and without lines whose money was refunded.
 */
create function search.kept_pieces(since timestamptz)
returns table (
    business_id uuid, order_id uuid, product_id uuid, at timestamptz, pieces bigint
)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    return query
    select
        order_items.business_id,
        order_items.order_id,
        product_variants.product_id,
        orders.placed_at,
        sum(
            order_items.quantity - order_items.cancelled_quantity - order_items.returned_quantity
        )::bigint
    from commerce.orders
    inner join commerce.order_items
        on
            order_items.business_id = orders.business_id
            and order_items.order_id = orders.id
    inner join catalog.product_variants
        on
            product_variants.business_id = order_items.business_id
            and product_variants.id = order_items.variant_id
    inner join sales.sale_lines
        on
            sale_lines.business_id = order_items.business_id
            and sale_lines.id = order_items.sale_line_id
    where
        orders.placed_at >= since
        and orders.status not in ('pending', 'cancelled', 'expired', 'returned')
        and order_items.quantity
        > order_items.cancelled_quantity + order_items.returned_quantity
        and money.refunded_of(sale_lines.business_id, sale_lines.id)
        < greatest(sale_lines.amount_minor - sale_lines.discount_minor, 1)
    group by
        order_items.business_id, order_items.order_id, product_variants.product_id,
        orders.placed_at;
end;
$$;

/*
 * Count anew what was sold of each product, service and business in the windows of the settings.
 */
create function search.count_popular(popular_since timestamptz, trending_since timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    delete from search.popular;
    insert into search.popular (business_id, kind, subject_id, unit_count, trending_count)
    with sold (business_id, kind, subject_id, at, units) as (
        select pieces.business_id, 'product'::search.kind, pieces.product_id, pieces.at, pieces.pieces
        from search.kept_pieces(popular_since) as pieces
        union all
        select
            bookings.business_id, 'service'::search.kind, booking_items.service_id,
            bookings.created_at, 1
        from scheduling.bookings
        inner join scheduling.booking_items
            on
                booking_items.business_id = bookings.business_id
                and booking_items.booking_id = bookings.id
        where
            bookings.created_at >= popular_since
            and bookings.status in ('confirmed', 'checked_in', 'completed')
            and booking_items.cancelled_at is null
    )

    select
        sold.business_id,
        coalesce(sold.kind, 'business'),
        coalesce(sold.subject_id, sold.business_id),
        sum(sold.units),
        coalesce(sum(sold.units) filter (where sold.at >= trending_since), 0)
    from sold
    group by grouping sets ((sold.business_id, sold.kind, sold.subject_id), (sold.business_id));
end;
$$;

/*
 * Count anew which products are bought together: of each, the fifty that go with it best. Orders
 * of more than fifty products say little and are left out.
 */
create function search.count_pairs(since timestamptz)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    delete from search.pairs;
    insert into search.pairs (business_id, product_id, other_id, order_count, strength)
    with bought as materialized (
        select
            pieces.business_id,
            pieces.order_id,
            pieces.product_id,
            count(*) over (partition by pieces.order_id) as size
        from search.kept_pieces(since) as pieces
    ),

    single as materialized (
        select bought.product_id, count(*) as order_count from bought group by bought.product_id
    ),

    pairs as (
        select one.business_id, one.product_id, other.product_id as other_id, count(*) as order_count
        from bought as one
        inner join bought as other
            on other.order_id = one.order_id and other.product_id <> one.product_id
        where one.size <= 50
        group by one.business_id, one.product_id, other.product_id
    ),

    rated as (
        select
            pairs.*,
            -- Cosine, lowered by two imagined orders that had only one of them.
            pairs.order_count / sqrt(
                (one.order_count + 2) * (other.order_count + 2)::double precision
            ) as strength
        from pairs
        inner join single as one on one.product_id = pairs.product_id
        inner join single as other on other.product_id = pairs.other_id
    )

    select business_id, product_id, other_id, order_count, strength
    from (
        select
            rated.*,
            row_number() over (
                partition by rated.product_id order by rated.strength desc, rated.other_id
            ) as place
        from rated
    ) as placed
    where placed.place <= 50;
end;
$$;

/*
 * Count anew what is popular, what is trending and what is bought together. Two jobs wait for each
 * other; whoever reads meanwhile reads the count before.
 *
 * Definer: called by the worker, which has no access to orders.
 */
create function search.count_sales()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_settings search.settings;
begin
    perform pg_advisory_xact_lock(hashtextextended('search.count_sales', 0));
    select settings.* into strict v_settings from search.settings;
    perform search.count_popular(
        private.now() - make_interval(days => v_settings.popular_days),
        private.now() - make_interval(days => v_settings.trending_days)
    );
    perform search.count_pairs(private.now() - make_interval(days => v_settings.popular_days));
    update search.entries
    set popularity = counted.popularity
    from (
        select
            present.business_id,
            present.kind,
            present.subject_id,
            search.popularity(coalesce(popular.unit_count, 0)) as popularity
        from search.entries as present
        left join search.popular using (business_id, kind, subject_id)
        where present.popularity > 0 or popular.unit_count > 0
    ) as counted
    where
        entries.business_id = counted.business_id
        and entries.kind = counted.kind
        and entries.subject_id = counted.subject_id
        and entries.popularity <> counted.popularity;
end;
$$;

-- sql/85_search/functions/recommending.sql

-- What is recommended: proposals of several reasons, of which only those are shown that the caller
-- may see and can have now.

/*
 * Return the proposals for a reason, the best first; after them, where they may not suffice, what
 * is popular.
 */
create function search.proposals(reason text, subject_id uuid)
returns search.proposal[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return case proposals.reason
        when 'bought_together'
            then array(select proposal from search.propose_together(subject_id) as proposal)
        when 'similar'
            then array(select proposal from search.propose_similar(subject_id) as proposal)
        when 'again' then array(select proposal from search.propose_again() as proposal)
        when 'personal'
            then array(select proposal from search.propose_personal() as proposal)
            || array(select proposal from search.propose_popular(false) as proposal)
        when 'popular'
            then array(select proposal from search.propose_popular(false) as proposal)
        when 'trending'
            then array(select proposal from search.propose_popular(true) as proposal)
    end;
end;
$$;

/*
 * Return what is recommended. A product comes only while it can be had; one that the caller has
 * comes only to be bought again.
 *
 * Definer: as search.find.
 */
create function search.recommend(reason text, subject_id uuid, maximum integer)
returns setof public.recommendation
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_criteria constant search.entry_criteria = search.for_caller(null);
    v_owned constant uuid[] = array(
        select own.subject_id
        from search.own_purchases() as own
        where own.kind = 'product' and recommend.reason <> 'again'
    );
    v_proposal search.proposal;
    v_entry search.entries;
    v_shown uuid[] = '{}';
begin
    foreach v_proposal in array
        search.proposals(reason, subject_id)
    loop
        exit when cardinality(v_shown) >= maximum;
        select entries.* into v_entry
        from search.entries
        where
            entries.business_id = v_proposal.business_id
            and entries.kind = v_proposal.kind
            and entries.subject_id = v_proposal.subject_id;
        continue when v_entry.subject_id is null
        or v_entry.subject_id = any(v_owned || v_shown)
        or v_entry.subject_id = recommend.subject_id
        or not search.is_visible(v_entry, v_criteria)
        or v_entry.kind = 'product'
        and not search.is_in_stock(v_entry.business_id, v_entry.subject_id);
        v_shown = v_shown || v_entry.subject_id;
        return query
        select
            v_entry.kind, v_entry.subject_id, v_entry.business_id, v_entry.name, v_entry.currency,
            v_entry.lowest_price_minor, v_proposal.reason, v_proposal.strength;
    end loop;
end;
$$;

-- sql/85_search/functions/results.sql

-- What a search shows of a result: its row, the words that fit in its texts, and how its score came
-- about.

/*
 * Return the words and stems that count as some terms, and the beginnings of unfinished words.
 */
create function search.sought(terms search.term[])
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select distinct unnest(array[term.word] || term.stems || term.similar_words)
        from unnest(terms) as term
    );
end;
$$;

/*
 * Does a word of a text count as one of some terms?
 */
create function search.is_sought(word text, terms search.term[], sought text[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return word = any(sought)
    or exists (
        select 1
        from unnest(terms) as term
        where term.is_prefix and starts_with(is_sought.word, term.word)
    )
    -- A stem begins like its word, so most words need not be looked up.
    or left(word, 2) = any(array(select left(part, 2) from unnest(sought) as part))
    and search.stems(word) && sought;
end;
$$;

/*
 * Return a text in pieces, of which those that fit some terms are marked: [{text, is_match}, …].
 * Clients put the marks in their own markup.
 */
create function search.marked(value text, terms search.term[])
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_sought constant text[] = search.sought(terms);
begin
    return (
        with pieces as (
            select
                piece.position,
                piece.match[1] as text,
                coalesce(
                    piece.match[1] ~ '[[:alnum:]]'
                    and search.is_sought(search.fold(piece.match[1]), terms, v_sought),
                    false
                ) as is_match
            from regexp_matches(marked.value, '[[:alnum:]]+|[^[:alnum:]]+', 'g')
                with ordinality as piece (match, position)
        ),

        grouped as (
            select
                pieces.*,
                pieces.position - row_number() over (
                    partition by pieces.is_match order by pieces.position
                ) as run
            from pieces
        ),

        runs as (
            select
                min(grouped.position) as position,
                string_agg(grouped.text, '' order by grouped.position) as text,
                grouped.is_match
            from grouped
            group by grouped.is_match, grouped.run
        )

        select coalesce(
            jsonb_agg(
                jsonb_build_object('text', runs.text, 'is_match', runs.is_match)
                order by runs.position
            ),
            '[]'
        )
        from runs
    );
end;
$$;

/*
 * Return the part of a description around the first word that fits, of about 160 characters.
 */
create function search.excerpt(value text, terms search.term[])
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_lower constant text = lower(value);
    v_first integer;
begin
    if length(value) <= 160 then
        return value;
    end if;
    select min(strpos(v_lower, part)) into v_first
    from unnest(search.sought(terms)) as part
    where strpos(v_lower, part) > 0;
    v_first = greatest(coalesce(v_first, 1) - 60, 1);
    return case when v_first > 1 then '…' else '' end
    || btrim(regexp_replace(substr(value, v_first, 160), case when v_first > 1 then '^\S*\s' else '^' end, ''))
    || case when v_first + 160 <= length(value) then '…' else '' end;
end;
$$;

/*
 * Return the description of a product, a service or a business in the language that suits best.
 */
create function search.texts_of(hit search.hit, wanted text[], out name text, out description text)
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    case hit.kind
        when 'product' then
            select coalesce(best.name, products.name), coalesce(best.description, products.description)
            into texts_of.name, texts_of.description
            from catalog.products
            cross join lateral catalog.best_translation(products.business_id, products.id, wanted)
                as best
            where products.business_id = hit.business_id and products.id = hit.id;
        when 'service' then
            select services.name, services.description
            into texts_of.name, texts_of.description
            from catalog.services
            where services.business_id = hit.business_id and services.id = hit.id;
        when 'business' then
            select businesses.name, businesses.description
            into texts_of.name, texts_of.description
            from business.businesses
            where businesses.id = hit.id;
    end case;
end;
$$;

/*
 * Return how the score of an entry comes about: the parts of docs/search.md, which add up to it.
 */
create function search.explained(criteria search.entry_criteria, entry search.entries)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return jsonb_build_object(
        'words', coalesce(ts_rank('{0.1,0.2,0.4,1}', entry.words, criteria.words), 0),
        'name', case
            when entry.folded_name = criteria.folded then 0.5
            when starts_with(entry.folded_name, criteria.folded) then 0.2
            else 0
        end,
        'rating', 0.15::real * entry.rating,
        'popularity', 0.1::real * entry.popularity,
        'verified', case when entry.is_verified then 0.05 else 0 end,
        'query', criteria.words::text
    );
end;
$$;

/*
 * Return a result as search shows it.
 */
create function search.shown(
    hit search.hit, criteria search.entry_criteria, wanted text[], is_explained boolean
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_texts record;
    v_entry search.entries;
begin
    v_texts = search.texts_of(hit, wanted);
    select entries.* into v_entry
    from search.entries
    where
        entries.business_id = hit.business_id and entries.kind = hit.kind and entries.subject_id = hit.id;
    return jsonb_build_object(
        'kind', hit.kind,
        'id', hit.id,
        'business_id', hit.business_id,
        'name', v_texts.name,
        'currency', v_entry.currency,
        'lowest_price_minor', v_entry.lowest_price_minor,
        'highest_price_minor', v_entry.highest_price_minor,
        'score', case
            when criteria.meant is not null and criteria.sort = 'relevance' then hit.rank
            else v_entry.standing + search.word_score(
                criteria.words, criteria.folded, v_entry.words, v_entry.folded_name
            )
        end,
        'highlights', case
            when criteria.terms is not null then jsonb_strip_nulls(jsonb_build_object(
                'name', search.marked(v_texts.name, criteria.terms),
                'description', search.marked(
                    search.excerpt(nullif(v_texts.description, ''), criteria.terms), criteria.terms
                )
            ))
            else '{}'
        end
    )
    || case
        when is_explained
            then jsonb_build_object(
                'explanation', case
                    when criteria.meant is not null and criteria.sort = 'relevance'
                        then search.mix_explained(criteria, hit)
                    else search.explained(criteria, v_entry)
                end
            )
        else '{}'
    end;
end;
$$;

-- sql/85_search/functions/services.sql

-- Which services of a candidate have time. scheduling.vacancies decides it, at half a millisecond a
-- service and day, so a cheaper question comes first. It says no only where scheduling.vacancies
-- would find nothing.

/*
 * Return the services of a business that fit the criteria and have, in the period, a session or a
 * resource with a gap that is long enough. It does not look at hours. First come services that the
 * caller had before, then those that the words name, then the business's order.
 */
create function search.services(business_id uuid, criteria search.criteria, known uuid[])
returns setof catalog.services
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
set jit = 'off'
as $$
declare
    v_ids uuid[] = search.fitting_services(services.business_id, criteria, known);
    v_gaps search.gap[];
begin
    if v_ids = '{}' then
        return;
    end if;
    v_gaps = array(select gap from search.gaps(services.business_id, criteria.during) as gap);
    return query
    select offered.*
    from unnest(v_ids) with ordinality as fitting (id, rank)
    inner join catalog.services as offered on offered.id = fitting.id
    where
        case
            when offered.is_class then exists (
                select 1
                from scheduling.sessions
                where
                    sessions.business_id = services.business_id
                    and sessions.service_id = offered.id
                    and sessions.starts_at >= lower(criteria.during)
                    and sessions.starts_at < upper(criteria.during)
            )
            else exists (
                select 1
                from catalog.service_resources
                inner join unnest(v_gaps) as gap on gap.resource_id = service_resources.resource_id
                where
                    service_resources.service_id = offered.id
                    and (
                        gap.ends_at is null
                        or greatest(
                            lower(criteria.during),
                            gap.starts_at + make_interval(mins => offered.buffer_before_minutes)
                        ) + make_interval(
                            mins => offered.duration_minutes + offered.buffer_after_minutes
                        ) <= gap.ends_at
                    )
                    and (
                        gap.starts_at is null
                        or gap.starts_at + make_interval(mins => offered.buffer_before_minutes)
                        < upper(criteria.during)
                    )
            )
        end
    order by fitting.rank;
end;
$$;

/*
 * Return the public services of a business that fit the criteria, in the order of search.services.
 */
create function search.fitting_services(
    business_id uuid, criteria search.criteria, known uuid[]
)
returns uuid[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_own_words tsvector;
begin
    if criteria.words is not null then
        select ts_filter(documents.words, '{a,d}') into v_own_words
        from search.documents
        where documents.business_id = fitting_services.business_id;
    end if;
    return array(
        select services.id
        from catalog.services
        left join catalog.service_categories on service_categories.id = services.category_id
        cross join lateral (
            select
                search.to_vector(services.name, 'B')
                || search.to_vector(service_categories.name, 'C') as words
        ) as named
        where
            services.business_id = fitting_services.business_id
            and services.is_active
            and services.archived_at is null
            and services.visibility = 'public'
            and services.access is null
            and (criteria.price_max is null or services.price_minor <= criteria.price_max)
            and (criteria.currency is null or services.currency = criteria.currency)
            and (
                criteria.category is null
                or search.slug(service_categories.name) = criteria.category
            )
            and (criteria.words is null or (named.words || v_own_words) @@ criteria.words)
        order by
            services.id = any(known) desc,
            case when criteria.words is not null then ts_rank(named.words, criteria.words) end desc,
            services.position,
            services.name,
            services.id
    );
end;
$$;

/*
 * Return the gaps of the resources of a business around a period. A resource with several units
 * counts as free all the time.
 */
create function search.gaps(business_id uuid, during tstzrange)
returns setof search.gap
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_now timestamptz = private.now();
begin
    return query
    select
        resources.id,
        lower(gap),
        upper(gap)
    from catalog.resources
    cross join lateral (
        select range_agg(allocations.during) as during
        from scheduling.allocations
        where
            allocations.resource_id = resources.id
            and resources.capacity = 1
            and allocations.is_blocking
            and allocations.during && gaps.during
            and (allocations.expires_at is null or allocations.expires_at > v_now)
    ) as taken
    cross join lateral unnest('{(,)}'::tstzmultirange - coalesce(taken.during, '{}')) as gap
    where resources.business_id = gaps.business_id and resources.is_active;
end;
$$;

-- sql/85_search/functions/suggestions.sql

-- What somebody may be about to type: names that begin with it, then names that contain it, then
-- names one typing error away. Each name is suggested once, for its best entry.

/*
 * Return entries with different names that begin with what was typed, in the order of names. Each
 * name is one step in the index, however many entries have it.
 */
create function search.entries_beginning(criteria search.entry_criteria, maximum integer)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_entry search.entries;
    v_last text = '';
begin
    for i in 1 .. maximum loop
        select entries.* into v_entry
        from search.entries
        where
            entries.folded_name collate "C" >= criteria.folded
            and entries.folded_name collate "C" > v_last
            -- The last character that there is.
            and entries.folded_name collate "C" < criteria.folded || chr(1114111)
            and search.is_visible(entries, criteria)
        order by entries.folded_name collate "C", entries.standing desc
        limit 1;
        exit when v_entry.subject_id is null;
        return next v_entry;
        v_last = v_entry.folded_name;
    end loop;
end;
$$;

/*
 * Return those of the best thousand entries of all whose names begin with what was typed.
 */
create function search.best_entries_beginning(criteria search.entry_criteria)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
begin
    return query
    select best.*
    from (
        select entries.*
        from search.entries
        order by entries.standing desc, entries.subject_id
        limit 1000
    ) as best
    where starts_with(best.folded_name, criteria.folded) and search.is_visible(best, criteria);
end;
$$;

/*
 * Return some entries that contain the words: those of the best two thousand entries of all, and if
 * these are few, others that are found by their words. An entry may come twice.
 */
create function search.entries_containing(criteria search.entry_criteria, maximum integer)
returns setof search.entries
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
set enable_seqscan = 'off'
as $$
declare
    v_count bigint;
begin
    return query
    select best.*
    from (
        select entries.*
        from search.entries
        order by entries.standing desc, entries.subject_id
        limit 2000
    ) as best
    where best.words @@ criteria.words and search.is_visible(best, criteria)
    limit maximum;
    get diagnostics v_count = row_count;
    if v_count < 10 then
        return query
        select entries.*
        from search.entries
        where entries.words @@ criteria.words and search.is_visible(entries, criteria)
        limit maximum;
    end if;
end;
$$;

/*
 * May the caller see an entry, and is it of a kind that was asked for?
 */
create function search.is_visible(entry search.entries, criteria search.entry_criteria)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return entry.business_id <> all(criteria.hidden_businesses)
    and (criteria.kinds is null or entry.kind = any(criteria.kinds))
    and (
        entry.access is null
        or entry.business_id || ' ' || entry.access = any(criteria.passes)
        or entry.business_id = any(criteria.own_businesses)
    );
end;
$$;

/*
 * Return suggestions for what somebody types, best first.
 *
 * Definer: as search.find.
 *
 * Errors:  PT400 invalid_input
 */
create function search.suggest(q text, kinds text, wanted text[], page_size integer)
returns setof public.suggestion
language plpgsql
stable
security definer
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_criteria search.entry_criteria = search.for_caller(null);
    v_entries search.entries[];
begin
    v_criteria.kinds = search.to_kinds(kinds);
    v_criteria.folded = search.fold(q);
    if v_criteria.folded = '' then
        return;
    end if;
    v_entries = array(select entry from search.entries_beginning(v_criteria, 30) as entry)
    || array(select entry from search.best_entries_beginning(v_criteria) as entry);
    if cardinality(v_entries) < page_size then
        v_criteria.terms = search.terms(q, wanted);
        v_criteria.words = search.to_query(v_criteria.terms);
        v_entries = v_entries
        || array(select entry from search.entries_containing(v_criteria, 50) as entry);
    end if;
    if v_entries = '{}' then
        v_criteria.words = search.to_query(search.with_similar_words(v_criteria.terms));
        v_entries = array(select entry from search.entries_containing(v_criteria, 50) as entry);
    end if;
    return query
    select best.kind, best.subject_id, best.business_id, best.name
    from (
        select distinct on (entry.folded_name) entry.*
        from unnest(v_entries) as entry
        order by entry.folded_name, entry.standing desc, entry.subject_id
    ) as best
    order by
        starts_with(best.folded_name, v_criteria.folded) desc, best.standing desc, best.folded_name
    limit page_size;
end;
$$;

-- sql/85_search/functions/words.sql

-- Words as a search compares them: their stems in several languages, what somebody types as terms,
-- and the words of the catalog that are one typing error away.

/*
 * Return the configuration for texts in a language, or null if its words have no stems here.
 */
create function search.config(locale text)
returns regconfig
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case split_part(lower(locale), '-', 1)
        when 'en' then 'pg_catalog.english'::regconfig
        when 'de' then 'pg_catalog.german'::regconfig
        when 'fr' then 'pg_catalog.french'::regconfig
        when 'es' then 'pg_catalog.spanish'::regconfig
        when 'it' then 'pg_catalog.italian'::regconfig
        when 'pt' then 'pg_catalog.portuguese'::regconfig
        when 'nl' then 'pg_catalog.dutch'::regconfig
        when 'sv' then 'pg_catalog.swedish'::regconfig
        when 'da' then 'pg_catalog.danish'::regconfig
        when 'no' then 'pg_catalog.norwegian'::regconfig
        when 'fi' then 'pg_catalog.finnish'::regconfig
        when 'ru' then 'pg_catalog.russian'::regconfig
    end;
end;
$$;

/*
 * Return the languages of search.config.
 */
create function search.languages()
returns text[]
language sql
immutable
security invoker
set search_path = ''
return '{en,de,fr,es,it,pt,nl,sv,da,no,fi,ru}'::text[];

/*
 * Return the words of a text and, beside them, their stems in the language of the text.
 */
create function search.to_words(value text, weight text, locale text)
returns tsvector
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_generic_plan'
as $$
declare
    v_config constant regconfig = search.config(locale);
    v_folded constant text = search.fold(value);
begin
    if value is null then
        return '';
    elsif v_config is null then
        return search.to_vector(v_folded, weight);
    end if;
    return search.to_vector(v_folded, weight)
    || setweight(to_tsvector(v_config, left(v_folded, 100000)), weight::"char");
end;
$$;

/*
 * Return the stems of a word in all languages, without the word itself.
 */
create function search.stems(word text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select stems.stem
        from (
            values
            (ts_lexize('pg_catalog.english_stem', word)),
            (ts_lexize('pg_catalog.german_stem', word)),
            (ts_lexize('pg_catalog.french_stem', word)),
            (ts_lexize('pg_catalog.spanish_stem', word)),
            (ts_lexize('pg_catalog.italian_stem', word)),
            (ts_lexize('pg_catalog.portuguese_stem', word)),
            (ts_lexize('pg_catalog.dutch_stem', word)),
            (ts_lexize('pg_catalog.swedish_stem', word)),
            (ts_lexize('pg_catalog.danish_stem', word)),
            (ts_lexize('pg_catalog.norwegian_stem', word)),
            (ts_lexize('pg_catalog.finnish_stem', word)),
            (ts_lexize('pg_catalog.russian_stem', word))
        ) as known (lexemes)
        cross join lateral unnest(known.lexemes) as stems (stem)
        where stems.stem <> word
        group by stems.stem
        order by stems.stem
    );
end;
$$;

/*
 * Return a word and what is left of it without any one of its letters.
 */
create function search.shortened(word text)
returns text[]
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return array(
        select word
        union
        select overlay(word placing '' from position for 1)
        from generate_series(1, length(word)) as position
    );
end;
$$;

/*
 * Return the words of the catalog that become a word by one typing error: a letter that is wrong,
 * missing or too many, or two neighbours that are swapped.
 */
create function search.similar_words(word text)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
set plan_cache_mode = 'force_custom_plan'
as $$
begin
    if length(word) not between 4 and 40 then
        return '{}';
    end if;
    return array(
        select distinct words.word
        from search.words
        where
            words.shortened && search.shortened(similar_words.word)
            and words.word <> similar_words.word
            and (
                extensions.levenshtein_less_equal(words.word, similar_words.word, 1) = 1
                or length(words.word) = length(similar_words.word)
                and search.is_swapped(words.word, similar_words.word)
            )
        order by words.word
        limit 20
    );
end;
$$;

/*
 * Does one word become the other when two neighbouring letters are swapped?
 */
create function search.is_swapped(one text, other text)
returns boolean
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from generate_series(1, length(one) - 1) as position
        where
            other = overlay(
                one placing reverse(substr(one, position, 2)) from position for 2
            )
    );
end;
$$;

/*
 * Is a word too common to look for, in one of some languages?
 */
create function search.is_stop_word(word text, wanted text[])
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from unnest(search.languages()) as language
        where
            language = any(wanted)
            -- Only a stop word leaves nothing.
            and to_tsvector(search.config(language), word) = ''
    );
end;
$$;

/*
 * Return the terms of a typed text. Common words such as "the" are left out, unless there are no
 * others. A last word of one letter is taken as it is.
 */
create function search.terms(value text, wanted text[])
returns search.term[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_words constant text[] = string_to_array(nullif(search.fold(value), ''), ' ');
    v_telling text[];
    v_last constant text = v_words[cardinality(v_words)];
    v_terms search.term[] = '{}';
    v_term search.term;
begin
    v_telling = array(
        select words.word
        from unnest(v_words) with ordinality as words (word, position)
        where not search.is_stop_word(words.word, wanted)
        group by words.word
        order by min(words.position)
    );
    if v_telling = '{}' then
        v_telling = array(select distinct unnest(v_words));
    end if;
    foreach v_term.word in array v_telling loop
        v_term.word = left(v_term.word, 100);
        v_term.is_prefix = v_term.word = v_last and length(v_last) > 1;
        v_term.stems = search.stems(v_term.word);
        v_term.similar_words = '{}';
        v_terms = v_terms || v_term;
    end loop;
    return v_terms;
end;
$$;

/*
 * Return the query that finds all of some terms. The words of the catalog that a term may be a
 * typing error of count as the term.
 */
create function search.to_query(terms search.term[])
returns tsquery
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    -- Folded words have only letters and digits, so they contain no operators.
    return (
        select
            string_agg(
                '(' || concat_ws(
                    ' | ',
                    term.word || case when term.is_prefix then ':*' else '' end,
                    nullif(array_to_string(term.stems || term.similar_words, ' | '), '')
                ) || ')',
                ' & '
            )
        from unnest(terms) as term
    )::tsquery;
end;
$$;

/*
 * Return terms with the words of the catalog that each may be a typing error of.
 */
create function search.with_similar_words(terms search.term[])
returns search.term[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_terms search.term[] = '{}';
    v_term search.term;
begin
    foreach v_term in array terms loop
        v_term.similar_words = search.similar_words(v_term.word);
        v_terms = v_terms || v_term;
    end loop;
    return v_terms;
end;
$$;

-- sql/85_search/rules/documents.sql

-- A search always finds the current catalog: the transaction that changes a business, a service or
-- a category also rewrites the document of the business. Services and categories do so once for
-- each statement, so a large import stays fast.

/*
 * Rewrite the document of a changed business.
 *
 * Definer: only the owner may call search.refresh.
 */
create function search.businesses__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array[new.id]);
    return null;
end;
$$;

create trigger _800_refresh_search
after insert or update of
name, description, vertical_id, status, is_active, is_verified, latitude, longitude, time_zone
on business.businesses
for each row
execute function search.businesses__refresh();

/*
 * Rewrite the documents of the businesses whose rows a statement changed.
 *
 * Definer: only the owner may call search.refresh.
 */
create function search.changed__refresh()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.refresh(array(select distinct changed.business_id from changed));
    return null;
end;
$$;

create trigger _800_refresh_search_of_new
after insert on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.services
referencing new table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_old
after delete on catalog.services
referencing old table as changed
for each statement
execute function search.changed__refresh();

create trigger _800_refresh_search_of_changed
after update on catalog.service_categories
referencing new table as changed
for each statement
execute function search.changed__refresh();

-- sql/85_search/rules/entries.sql

-- The transaction that changes a product, a service or a business also writes its entry. Triggers
-- do so once for each statement, so a large import stays fast.

/*
 * Write the entry of a changed business. Its services contain its name, and its products its line
 * of business and its language.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.businesses__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if tg_op = 'UPDATE' and (old.vertical_id, old.locale) is distinct from (new.vertical_id, new.locale) then
        perform search.write_entries_of_businesses(array[new.id]);
        return null;
    end if;
    perform search.write_entries('business', array[new.id], array[new.id]);
    if tg_op = 'UPDATE' and (old.name, old.is_verified) is distinct from (new.name, new.is_verified) then
        perform search.write_entries(
            'service', array[new.id],
            array(select services.id from catalog.services where services.business_id = new.id)
        );
    end if;
    return null;
end;
$$;

create trigger _810_write_entries
after insert or update of
name, description, vertical_id, locale, is_verified, latitude, longitude
on business.businesses
for each row
execute function search.businesses__write_entries();

/*
 * Write the entries of the services that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.services__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'service',
        array(select distinct changed.business_id from changed order by changed.business_id),
        array(select changed.id from changed)
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on catalog.services
referencing new table as changed
for each statement execute function search.services__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.services
referencing new table as changed
for each statement execute function search.services__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.services
referencing old table as changed
for each statement execute function search.services__write_entries();

/*
 * Write the entries of the services in the categories that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.service_categories__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'service',
        array(select distinct changed.business_id from changed order by changed.business_id),
        array(
            select services.id
            from changed
            inner join catalog.services
                on
                    services.business_id = changed.business_id
                    and services.category_id = changed.id
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_changed
after update on catalog.service_categories
referencing new table as changed
for each statement execute function search.service_categories__write_entries();

/*
 * Write the entries of everything that a business sells after its synonyms changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.synonyms__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries_of_businesses(
        array(select distinct changed.business_id from changed order by changed.business_id)
    );
    return null;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on search.synonyms
for each row execute function business.any__refuse_bad_input('manage');

create trigger _810_write_entries_of_new
after insert on search.synonyms
referencing new table as changed
for each statement execute function search.synonyms__write_entries();

create trigger _810_write_entries_of_changed
after update on search.synonyms
referencing new table as changed
for each statement execute function search.synonyms__write_entries();

create trigger _810_write_entries_of_old
after delete on search.synonyms
referencing old table as changed
for each statement execute function search.synonyms__write_entries();

/*
 * Write the ratings of the entries whose totals changed.
 *
 * Definer: nobody else writes entries.
 */
create function search.rating_totals__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update search.entries
    set rating = search.rating_of(entries.business_id, entries.subject_id)
    from changed
    where
        changed.aspect = ''
        and entries.business_id = changed.business_id
        and entries.kind::text = changed.subject::text
        and entries.subject_id = changed.subject_id;
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on reviews.rating_totals
referencing new table as changed
for each statement execute function search.rating_totals__write_entries();

create trigger _810_write_entries_of_changed
after update on reviews.rating_totals
referencing new table as changed
for each statement execute function search.rating_totals__write_entries();

-- sql/85_search/rules/entries_products.sql

-- What changes the entries of products: the product, its variants and translations, its brand and
-- its category.

/*
 * Write the entries of the products that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.products__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(select changed.id from changed)
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on catalog.products
referencing new table as changed
for each statement execute function search.products__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.products
referencing new table as changed
for each statement execute function search.products__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.products
referencing old table as changed
for each statement execute function search.products__write_entries();

/*
 * Write the entries of the products of which a statement changed a part: a variant or a
 * translation.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.product_parts__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(
            select distinct changed.product_id from changed where changed.product_id is not null
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_new
after insert on catalog.product_variants
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.product_variants
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.product_variants
referencing old table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_new
after insert on catalog.product_translations
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_changed
after update on catalog.product_translations
referencing new table as changed
for each statement execute function search.product_parts__write_entries();

create trigger _810_write_entries_of_old
after delete on catalog.product_translations
referencing old table as changed
for each statement execute function search.product_parts__write_entries();

/*
 * Write the entries of the products in the categories that a statement changed and in those below
 * them.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.product_categories__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(
            select distinct products.id
            from changed
            cross join lateral catalog.category_tree(changed.id) as tree
            inner join catalog.products
                on
                    products.business_id = changed.business_id
                    and products.category_id = tree.id
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_changed
after update on catalog.product_categories
referencing new table as changed
for each statement execute function search.product_categories__write_entries();

/*
 * Write the entries of the products of the brands that a statement changed.
 *
 * Definer: only the owner may call search.write_entries.
 */
create function search.brands__write_entries()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    perform search.write_entries(
        'product',
        array(select distinct changed.business_id from changed),
        array(
            select products.id
            from changed
            inner join catalog.products
                on
                    products.business_id = changed.business_id
                    and products.brand_id = changed.id
        )
    );
    return null;
end;
$$;

create trigger _810_write_entries_of_changed
after update on catalog.brands
referencing new table as changed
for each statement execute function search.brands__write_entries();

-- sql/85_search/policies/availability.sql

-- No role may read documents directly. They contain only what the catalog shows anyway, but only
-- the search and its triggers need them. Callers may execute the search itself and the functions
-- that public.search_availability uses to read its arguments.

grant usage on schema search to anon, authenticated, service_role;
alter table search.documents enable row level security;
grant execute on function
search.fold(text),
search.slug(text),
search.query(text),
search.availability(search.criteria, integer)
to anon, authenticated, service_role;

-- sql/85_search/policies/entries.sql

-- No role reads entries or words: the functions of the search do, and they say what each caller may
-- see. Everybody who can see a business reads nothing of its synonyms; its owners and managers
-- write them.

alter table search.entries enable row level security;
alter table search.words enable row level security;
alter table search.settings enable row level security;
alter table search.popular enable row level security;
alter table search.pairs enable row level security;
alter table search.vectors enable row level security;
alter table search.synonyms enable row level security;
grant select, delete on search.synonyms to authenticated;
grant insert (id, business_id, terms) on search.synonyms to authenticated;
grant update (id, business_id, terms) on search.synonyms to authenticated;
grant select, insert, update, delete on search.synonyms to service_role;

create policy synonyms_select
on search.synonyms
for select
to authenticated
using (business_id in (select private.my_businesses('view')));

create policy synonyms_insert
on search.synonyms
for insert
to authenticated
with check (business_id in (select private.my_businesses('manage')));

create policy synonyms_update
on search.synonyms
for update
to authenticated
using (business_id in (select private.my_businesses('manage')))
with check (business_id in (select private.my_businesses('manage')));

create policy synonyms_delete
on search.synonyms
for delete
to authenticated
using (business_id in (select private.my_businesses('manage')));

-- The functions of the API call them as the caller.
grant execute on function
search.find(text, text, text, text, text, text, text, text, text[], text),
search.suggest(text, text, text[], integer),
search.recommend(text, uuid, integer)
to anon, authenticated, service_role;

-- The worker counts sales, deletes what is left over, and writes what entries mean.
grant usage on schema search to worker;
grant execute on function
search.count_sales(),
search.keep_house(),
search.texts_to_embed(text, uuid[], integer),
search.store_vectors(text, jsonb)
to worker;

-- sql/85_search/api/autocomplete.sql

-- Suggestions while somebody types, for everybody.

/*
 * Errors:  PT400 invalid_input
 */
create function public.autocomplete(
    q text,
    kinds public.list default null,
    "limit" public.whole_number default '10',
    locale text default null
)
returns setof public.suggestion
language plpgsql
stable
security invoker
set search_path = ''
rows 10
as $$
begin
    return query
    select *
    from search.suggest(
        private.to_required_text(q, 'q', 200),
        kinds,
        private.wanted_locales(private.to_text(locale, 'locale', 500)),
        private.to_whole_number("limit", 'limit', 1, 20, if_null => 10)
    );
end;
$$;
grant execute on function public.autocomplete(text, public.list, public.whole_number, text)
to anon, authenticated, service_role;

comment on function public.autocomplete is
'Return names that somebody may be about to type, best first: {kind, id, business_id, name}.

First come names that begin with q, then names with a word that begins with it, then, if there are '
'none, names one typing error away. Each name comes once, of its best entry.

- q: what was typed so far, 1 to 200 characters.
- kinds: a JSON array of product, service and business; null is all three.
- limit: 1 to 20, 10 by default.
- locale: as of search.

Errors: invalid_input 400.';

-- sql/85_search/api/availability.sql

-- The public search for free starts across businesses. It checks and reads the arguments, which
-- become search.criteria, and leaves the rest to search.availability. Everyone may call it, with or
-- without an account.

/*
 * Return the businesses that have time in a period, with their first free starts.
 *
 * Errors:  PT400 invalid_input · PT422 too_many_rows
 */
create function public.search_availability(
    from_at public.instant,
    to_at public.instant,
    vertical text default null,
    category text default null,
    near public.place default null,
    radius_km public.whole_number default null,
    q text default null,
    price_max public.whole_number default null,
    currency text default null,
    "limit" public.whole_number default '20'
)
returns setof public.availability
language plpgsql
stable
security invoker
set search_path = ''
rows 20
as $$
declare
    v_from timestamptz = private.to_instant(from_at, 'from_at');
    v_to timestamptz = private.to_instant(to_at, 'to_at');
    v_near double precision[] = private.to_place(near, 'near');
    v_radius integer = private.to_whole_number(radius_km, 'radius_km', 1, 200, false);
    v_text text = private.to_text(q, 'q', 200);
    v_limit integer = private.to_whole_number("limit", 'limit', 1, 50, if_null => 20);
    v_criteria search.criteria;
    v_count bigint;
begin
    if v_to <= v_from or v_to > v_from + interval '14 days' then
        perform private.invalid('to_at', 'must be after from_at and at most 14 days later');
    end if;
    if v_radius is not null and v_near is null then
        perform private.invalid('radius_km', 'requires near');
    end if;
    v_criteria = row(
        tstzrange(v_from, v_to),
        private.to_text(vertical, 'vertical', 50),
        nullif(search.slug(private.to_text(category, 'category', 200)), ''),
        v_near[1],
        v_near[2],
        coalesce(v_radius, 25),
        search.query(v_text),
        private.to_minor_units(price_max, 'price_max'),
        private.to_text(currency, 'currency', 3)
    );
    if v_text is not null and v_criteria.words is null then
        perform private.invalid('q', 'must contain a letter or a digit');
    end if;
    if category is not null and v_criteria.category is null then
        perform private.invalid('category', 'must contain a letter or a digit');
    end if;
    return query
    select * from search.availability(v_criteria, v_limit);
    get diagnostics v_count = row_count;
    perform private.require_page(v_count, 'Ask with a lower limit.');
end;
$$;
grant execute on function public.search_availability(
    public.instant, public.instant, text, text, public.place, public.whole_number, text,
    public.whole_number, text, public.whole_number
) to anon, authenticated, service_role;

comment on function public.search_availability is
'Return businesses with a free start from from_at (included) to to_at (excluded), at most 14 days.

Each has one service and its first three starts in slots, and every returned start can be booked. '
'Without near the order is the best match of q (name before services before categories before '
'description), then verified businesses, then the oldest. Within a business, services and people '
'that a signed-in caller had before come first.

- vertical: a row of verticals.
- category: name or slug (hair-and-beauty) of a service category.
- near: a place; the nearest businesses come first.
- radius_km: 1 to 200, 25 by default.
- q: words from the name, the description, the services and their categories, in any order and '
'without accents; the last word may be unfinished.
- price_max: minor units, compared with each service''s price in its own currency.
- currency: only prices in this currency.
- limit: number of businesses, 1 to 50, 20 by default.

Errors: invalid_input 400, too_many_rows 422.';

-- sql/85_search/api/recommend.sql

-- Recommendations, for everybody.

/*
 * Errors:  PT400 invalid_input
 */
create function public.recommend(
    kind text, "for" public.identifier default null, "limit" public.whole_number default '10'
)
returns setof public.recommendation
language plpgsql
stable
security invoker
set search_path = ''
rows 10
as $$
declare
    v_for_id constant uuid = private.to_identifier("for", 'for', false);
begin
    if kind <> all('{bought_together,similar,again,personal,popular,trending}'::text[])
        or kind is null then
        perform private.invalid(
            'kind', 'must be bought_together, similar, again, personal, popular or trending'
        );
    elsif kind in ('bought_together', 'similar') and v_for_id is null then
        perform private.invalid('for', 'is required for what is bought together and what is similar');
    end if;
    return query
    select *
    from search.recommend(
        kind, v_for_id, private.to_whole_number("limit", 'limit', 1, 50, if_null => 10)
    );
end;
$$;
grant execute on function public.recommend(text, public.identifier, public.whole_number)
to anon, authenticated, service_role;

comment on function public.recommend is
'Recommend products and services, best first.

Never what the caller may not see, what is out of stock, what belongs to a business that is not '
'open, and, but for again, what the caller bought and kept.

- kind: bought_together, with the product in for; similar, to the product or the service in for; '
'again, what the caller had before; personal, what goes with it and then what is popular; popular '
'and trending, what sold most in the last search.settings.popular_days (90) and trending_days (14).
- for: a product or a service.
- limit: 1 to 50, 10 by default.

Returns rows with kind, id, business_id, name, currency, lowest_price_minor, reason, strength. '
'Sales are counted every hour; what was cancelled, returned or refunded is not counted. If a '
'business asks for consent to the purpose recommendations, personal uses what was bought there '
'only after a yes.

Errors: invalid_input 400.';

-- sql/85_search/api/search.sql

-- The search for products, services and businesses in one call, for everybody.

/*
 * Errors:  PT400 invalid_input
 */
create function public.search(
    q text default null,
    kinds public.list default null,
    filters public.object default null,
    sort text default null,
    "limit" public.whole_number default '20',
    cursor text default null,
    facets public.yes_no default 'false',
    explain public.yes_no default 'false',
    locale text default null,
    meaning public.object default null
)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return search.find(
        q, kinds, filters, sort, "limit", cursor, facets, explain,
        private.wanted_locales(private.to_text(locale, 'locale', 500)),
        meaning
    );
end;
$$;
grant execute on function public.search(
    text, public.list, public.object, text, public.whole_number, text, public.yes_no,
    public.yes_no, text, public.object
) to anon, authenticated, service_role;

comment on function public.search is
'Find products, services and businesses by words and filters: {results, facets, next_cursor}.

results are {kind, id, business_id, name, currency, lowest_price_minor, highest_price_minor, '
'score, highlights}. highlights has name and description in pieces {text, is_match}. facets is '
'null unless asked for: {count, is_complete, kinds, categories, brands, verticals, prices, '
'attributes}, where each list counts the results of each value without its own filter. If more '
'than 5,000 match, 5,000 are counted and is_complete is false. By relevance, a query that more '
'than 500 match returns the 500 of the highest standing and 100 whose names begin with q.

- q: at most 200 characters and 20 words. All words must occur, in any order and without accents; '
'the last one may be unfinished. If nothing contains them, words one typing error away count too. '
'Null finds everything.
- kinds: a JSON array of product, service and business; null is all three.
- filters: an object, of which all must hold. business_id; vertical: a row of verticals; categories '
'and brands: arrays of slugs, of which one is had; currency, min_price_minor, max_price_minor; '
'in_stock: whether a product can be had now; min_rating: 1 to 5; near and radius_km: as '
'search_availability; attributes: as list_products. An attribute that no product has is refused.
- sort: relevance, price or price_descending (both need filters.currency), newest, rating, popular '
'or distance (needs filters.near).
- limit: 1 to 50, 20 by default.
- cursor: next_cursor of the page before; null there means that no page follows.
- facets: true for facets; they need q or filters.business_id.
- explain: true for the parts of each score.
- locale: as of product_page, for names and descriptions.
- meaning: what q means, {"model": …, "vector": […]}, as /functions/v1/search adds it; it finds what '
'means something similar too. It is ignored while the flag search_by_meaning is off.

Errors: invalid_input 400.';

-- sql/85_search/api/synonyms.sql

-- Words that mean the same, as owners and managers write them.

create view public.search_synonyms
with (security_invoker = true)
as
select
    synonyms.id,
    synonyms.business_id,
    synonyms.terms,
    synonyms.created_at
from search.synonyms;
grant select, insert, update, delete on public.search_synonyms to authenticated, service_role;

comment on view public.search_synonyms is
'Words that mean the same to the customers of a business: who looks for one finds the others.

Members of the business read them; owners and managers write them. A change holds from the next '
'search on.';
comment on column public.search_synonyms.id is 'Primary key.';
comment on column public.search_synonyms.business_id is 'The business.';
comment on column public.search_synonyms.terms is
'2 to 20 words or short phrases, each of at most 40 characters, such as {sofa,couch}.';
comment on column public.search_synonyms.created_at is 'When it was created.';

alter default privileges grant execute on functions to public;
notify pgrst, 'reload schema';
