-- Whose rows a request is about. Rows are found by the keys that the catalog's tags name: first by
-- the account and by proven addresses, then by the ids of the rows found so far.

/*
 * Return the proven addresses of an account, in lower case, and its id as a text. Addresses that
 * nobody has proven find nothing: they may be somebody else's.
 */
create function privacy.contacts_of(user_id uuid)
returns text[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return array(
        select lower(contact)
        from auth.users
        cross join lateral unnest(array[
            users.id::text,
            case when users.email_confirmed_at is not null then users.email end,
            case when users.phone_confirmed_at is not null then users.phone end,
            case when users.phone_confirmed_at is not null then '+' || ltrim(users.phone, '+') end
        ]) as contact
        where users.id = contacts_of.user_id and contact <> ''
    );
end;
$$;

/*
 * Return the condition that finds a person's rows in a table: by a key that is one of the ids ($1),
 * or by an address ($2) in a row of no other account. In a table of businesses, $3 leads the index,
 * and $4 limits the rows to one business.
 */
create function privacy.condition_of(relation regclass)
returns text
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_by_id text;
    v_by_contact text;
    v_of_nobody_else text;
    v_business text;
begin
    select
        string_agg(format('%I = any($1)', tagged.column_name), ' or ')
            filter (where tagged.column_type = 'uuid'::regtype),
        string_agg(format('lower(%I) = any($2)', tagged.column_name), ' or ')
            filter (where tagged.column_type <> 'uuid'::regtype),
        coalesce(
            string_agg(format('and (%1$I is null or %1$I = any($1))', tagged.column_name), ' ')
                filter (where privacy.is_account(condition_of.relation, tagged.column_name)),
            ''
        )
    into v_by_id, v_by_contact, v_of_nobody_else
    from private.tags_of(relation) as tagged
    where tagged.is_key;
    select case when pg_attribute.attnotnull then '($3::uuid[] is null or business_id = any($3)) and ' else '' end into v_business
    from pg_catalog.pg_attribute
    where
        pg_attribute.attrelid = condition_of.relation
        and pg_attribute.attname = 'business_id';
    return concat(
        '(',
        concat_ws(
            ' or ',
            v_business || '(' || v_by_id || ')',
            case when v_business is null then v_by_id end,
            '(' || v_by_contact || ') ' || v_of_nobody_else
        ),
        ')',
        case
            when v_business is null then ' and $4::uuid is null'
            else ' and ($4::uuid is null or business_id = $4)'
        end
    );
end;
$$;

/*
 * Does a column refer to accounts?
 */
create function privacy.is_account(relation regclass, column_name name)
returns boolean
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return exists (
        select 1
        from pg_catalog.pg_constraint
        inner join pg_catalog.pg_attribute
            on
                pg_attribute.attrelid = pg_constraint.conrelid
                and pg_attribute.attnum = any(pg_constraint.conkey)
        where
            pg_constraint.contype = 'f'
            and pg_constraint.conrelid = is_account.relation
            and pg_constraint.confrelid = 'auth.users'::regclass
            and pg_attribute.attname = is_account.column_name
    );
end;
$$;

/*
 * Return the tables that have rows about people, with the condition that finds those of a person.
 */
create function privacy.tables_of_people()
returns privacy.person_table[]
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        with keys as materialized (
            select tagged.relation, tagged.column_name
            from private.tagged_columns() as tagged
            where tagged.is_key
        ),

        named as (
            select pg_constraint.confrelid as relation
            from keys
            inner join pg_catalog.pg_attribute
                on
                    pg_attribute.attrelid = keys.relation
                    and pg_attribute.attname = keys.column_name
            inner join pg_catalog.pg_constraint
                on
                    pg_constraint.conrelid = keys.relation
                    and pg_constraint.contype = 'f'
                    and pg_attribute.attnum = any(pg_constraint.conkey)
            union
            select keys.relation
            from keys
            where keys.column_name = 'id'
        )

        select array_agg(privacy.make_person_table(
            relation => keyed.relation,
            condition => privacy.condition_of(keyed.relation),
            is_named => keyed.relation in (select named.relation from named)
        ) order by keyed.relation::text)
        from (select distinct keys.relation from keys) as keyed
    );
end;
$$;

/*
 * Make a row of privacy.tables_of_people.
 */
create function privacy.make_person_table(relation regclass, condition text, is_named boolean)
returns privacy.person_table
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
begin
    v_table.relation = relation;
    v_table.condition = condition;
    v_table.is_named = is_named and exists (
        select 1
        from pg_catalog.pg_attribute
        where
            pg_attribute.attrelid = make_person_table.relation
            and pg_attribute.attname = 'id'
            and pg_attribute.atttypid = 'uuid'::regtype
    );
    v_table.has_business = exists (
        select 1
        from pg_catalog.pg_attribute
        where
            pg_attribute.attrelid = make_person_table.relation
            and pg_attribute.attname = 'business_id'
    );
    return v_table;
end;
$$;

/*
 * Return a person with the ids of all rows about them: the account, its customers, their bookings
 * and sales, and what refers to those. Each pass looks for rows that refer to what the pass before
 * it found.
 */
create function privacy.find_person(
    user_id uuid, contacts text[], business_id uuid, customer_id uuid
)
returns privacy.person
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_person privacy.person;
    v_new uuid[] = array_remove(array[find_person.user_id, find_person.customer_id], null);
    v_found privacy.person;
begin
    v_person.user_id = find_person.user_id;
    v_person.business_id = find_person.business_id;
    v_person.tables = privacy.tables_of_people();
    v_person.contacts = coalesce(find_person.contacts, '{}');
    v_person.ids = v_new;
    for v_pass in 1 .. 8 loop
        v_found = v_person;
        v_found.ids = v_new;
        v_found = privacy.find_rows(v_found);
        v_person.business_ids = array(
            select unnest(v_person.business_ids) union select unnest(v_found.business_ids)
        );
        v_new = array(select unnest(v_found.ids) except select unnest(v_person.ids));
        exit when v_new = '{}';
        v_person.ids = v_person.ids || v_new;
    end loop;
    return v_person;
end;
$$;

/*
 * Return the ids and the businesses of the rows that refer to the ids, or have the addresses, of a
 * person. Without businesses it looks into those of all.
 */
create function privacy.find_rows(person privacy.person)
returns privacy.person
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
    v_ids uuid[];
    v_business_ids uuid[];
    v_found privacy.person;
begin
    foreach v_table in array person.tables loop
        continue when not v_table.is_named;
        execute format(
            'select array_agg(id), array_agg(distinct %s) from %s where %s',
            case when v_table.has_business then 'business_id' else 'null::uuid' end,
            v_table.relation, v_table.condition
        )
        into v_ids, v_business_ids
        using person.ids, person.contacts, person.business_ids, person.business_id;
        v_found.ids = v_found.ids || v_ids;
        v_found.business_ids = v_found.business_ids || array_remove(v_business_ids, null);
    end loop;
    return v_found;
end;
$$;
