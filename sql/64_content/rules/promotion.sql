-- Banners and featured businesses are written by clients: a bad row is answered in the API's words.

/*
 * Answer a bad row in the API's words. Banners of a business are for those who manage it, and all
 * others for admins of the platform.
 *
 * Errors:  PT400 invalid_input · PT403 forbidden · PT404 not_found · PT409 already_exists
 */
create function content.any__refuse_bad_input()
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
    if private.is_client() and not private.is_platform_staff('admin') then
        if v_new ->> 'business_id' is null or tg_argv[0] = 'admin' then
            perform private.require_platform_staff('admin');
        end if;
        perform private.refuse_foreign_business((v_new ->> 'business_id')::uuid, 'manage');
    end if;
    perform private.refuse_broken_references(tg_relid, v_new, v_old);
    perform private.refuse_duplicates(tg_relid, v_new, v_old);
    return new;
end;
$$;

create trigger _010_refuse_bad_input
before insert or update on content.banners
for each row
execute function content.any__refuse_bad_input();

create trigger _010_refuse_bad_input
before insert or update on content.featured_businesses
for each row
execute function content.any__refuse_bad_input('admin');
