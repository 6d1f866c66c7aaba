-- The trigger function that answers bad rows on every table of a business that clients write.

/*
 * Answer a bad row in the API's words, as private.any__refuse_bad_input does, and check that the
 * caller may write for the row's business. The trigger's argument is the permission.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function business.any__refuse_bad_input()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_new jsonb = to_jsonb(new);
    v_old jsonb = case when tg_op = 'UPDATE' then to_jsonb(old) end;
begin
    perform private.refuse_changed_keys(v_new, v_old);
    perform private.refuse_missing_values(tg_relid, v_new);
    perform private.refuse_foreign_business((v_new ->> 'business_id')::uuid, tg_argv[0]);
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

/*
 * Refuse a client who lacks a permission in the business of a row.
 *
 * Errors:  PT403 forbidden
 */
create function private.refuse_foreign_business(business_id uuid, permission text)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    if private.is_client() and not exists (
        select 1
        from private.my_businesses(permission) as mine (id)
        where mine.id = refuse_foreign_business.business_id
    ) then
        perform private.refuse(
            'PT403', 'forbidden', 'You are not allowed to change this business.',
            'Ask an owner of the business for a role with this permission.'
        );
    end if;
end;
$$;
