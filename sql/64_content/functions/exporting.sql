-- How everything about a person becomes one document.

/*
 * Return everything about a person: for each table the rows about them, without what is secret.
 */
create function privacy.export_rows(person privacy.person)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_table privacy.person_table;
    v_rows jsonb;
    v_export jsonb = '{}';
begin
    foreach v_table in array person.tables loop
        execute format(
            'select jsonb_agg(to_jsonb(found) - $5) from %s as found where %s',
            v_table.relation, v_table.condition
        )
        into v_rows
        using
            person.ids, person.contacts, person.business_ids, person.business_id,
            array(
                select tagged.column_name::text
                from private.tags_of(v_table.relation) as tagged
                where tagged.is_secret
            );
        if v_rows is not null then
            v_export = v_export || jsonb_build_object(v_table.relation::text, v_rows);
        end if;
    end loop;
    return v_export;
end;
$$;

/*
 * Return what sign-in knows about an account, without its secrets.
 */
create function privacy.export_account(user_id uuid)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'id', users.id,
            'email', users.email,
            'phone', users.phone,
            'metadata', users.raw_user_meta_data,
            'created_at', users.created_at,
            'last_sign_in_at', users.last_sign_in_at,
            'identities', (
                select jsonb_agg(jsonb_build_object(
                    'provider', identities.provider, 'data', identities.identity_data
                ))
                from auth.identities
                where identities.user_id = users.id
            ),
            'sessions', (
                select jsonb_agg(jsonb_build_object(
                    'created_at', sessions.created_at, 'ip', sessions.ip,
                    'user_agent', sessions.user_agent
                ))
                from auth.sessions
                where sessions.user_id = users.id
            )
        )
        from auth.users
        where users.id = export_account.user_id
    );
end;
$$;
