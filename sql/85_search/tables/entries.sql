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
