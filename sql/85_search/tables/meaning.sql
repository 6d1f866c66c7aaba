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
