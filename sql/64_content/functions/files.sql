-- The files of people who are erased, and of exports.

/*
 * Let go of the files that belong to a user. A worker deletes them.
 */
create function privacy.release_files(user_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    delete from identity.profile_media
    where profile_media.user_id = release_files.user_id;
    update files.media
    set released_at = private.now()
    where media.owner_id = release_files.user_id and media.released_at is null;
    if to_regclass('storage.objects') is not null then
        update storage.objects
        set user_metadata = null
        where objects.owner_id = release_files.user_id::text and objects.user_metadata is not null;
    end if;
end;
$$;

/*
 * Return the objects that are to be deleted now, of one bucket: what a person who was erased put
 * into buckets of their own choice, exports that expired or whose person was erased, and records
 * that were released. Null when there are none.
 * Definer: as privacy.start_export.
 */
create function privacy.files_to_delete(batch integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object('bucket', found.bucket_id, 'names', jsonb_agg(found.name))
        from (
            select objects.bucket_id, objects.name
            from storage.objects
            where
                objects.bucket_id = 'exports'
                and not exists (
                    select 1
                    from files.downloads
                    where
                        downloads.bucket = objects.bucket_id
                        and downloads.object_name = objects.name
                        and downloads.expires_at > private.now()
                )
                and objects.created_at < now() - interval '1 hour'
            union all
            select objects.bucket_id, objects.name
            from privacy.requests
            inner join storage.objects on objects.owner_id = requests.user_id::text
            where
                requests.state = 'erased'
                and objects.bucket_id not in ('originals', 'documents', 'public-media', 'exports')
            union all
            select objects.bucket_id, objects.name
            from files.records
            inner join storage.objects
                on objects.bucket_id = 'records' and objects.name = records.object_name
            where records.released_at is not null
            limit batch
        ) as found
        group by found.bucket_id
        limit 1
    );
end;
$$;

/*
 * Note that the files of the erased and released records are deleted, and that exports have
 * expired.
 * Definer: as privacy.start_export.
 */
create function privacy.finish_erasures()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update privacy.requests
    set state = 'done', finished_at = private.now()
    where requests.state = 'erased';
    update privacy.requests
    set state = 'expired', object_name = null
    where
        requests.kind = 'export'
        and requests.state = 'done'
        and requests.expires_at <= private.now();
    delete from files.downloads where downloads.expires_at <= private.now();
    delete from files.records
    where
        records.released_at is not null
        and not exists (
            select 1
            from storage.objects
            where objects.bucket_id = 'records' and objects.name = records.object_name
        );
end;
$$;
