-- A kind is registered by the names of functions and tables, which must exist. Whatever deletes a
-- link lets go of its medium.

/*
 * The functions and tables of a kind exist.
 *
 * Errors:  PT400 invalid_input
 */
create function files.kinds__require_names()
returns trigger
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.require_subject_function(
        'place_function', new.place_function, 'uuid', 'files.place'
    );
    perform private.require_subject_function(
        'attach_function', new.attach_function, 'files.media', 'void'
    );
    if to_regclass(new.relation) is null then
        perform private.invalid('relation', 'must be a table');
    end if;
    if (
        select count(*)
        from pg_catalog.pg_attribute
        where
            pg_attribute.attrelid = to_regclass(new.links)
            and pg_attribute.attname in ('media_id', new.gallery_key)
    ) <> num_nonnulls(new.links, new.gallery_key) then
        perform private.invalid('links', 'must be a table with media_id and the gallery''s key');
    end if;
    return new;
end;
$$;

create trigger _100_require_names
before insert or update on files.kinds
for each row execute function files.kinds__require_names();

/*
 * Let go of the medium of a link that is deleted or exchanged: it is no longer shown, and is
 * deleted after the grace period.
 * Definer: whoever deletes a link has no write grant on media.
 */
create function files.any__release_medium()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update files.media
    set released_at = private.now()
    where media.id = old.media_id and media.released_at is null;
    return null;
end;
$$;

create trigger _500_release_medium
after delete on business.business_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete or update of media_id on identity.profile_media
for each row execute function files.any__release_medium();

create trigger _500_release_medium
after delete on business.business_documents
for each row execute function files.any__release_medium();

create trigger _010_refuse_bad_input
before update on files.media
for each row execute function private.any__refuse_bad_input();

/*
 * Write a line for every submitted document and every decision about it.
 * Definer: as business.businesses__keep_history.
 */
create function business.business_documents__keep_history()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into business.business_history (
        business_id, kind, subject_id, old_value, new_value, reason, actor_id, at
    )
    values (
        new.business_id,
        'document',
        new.id,
        old.status::text,
        new.status::text,
        new.reason,
        auth.uid(),
        private.now()
    );
    return null;
end;
$$;

create trigger _500_keep_history
after insert or update of status on business.business_documents
for each row
execute function business.business_documents__keep_history();
