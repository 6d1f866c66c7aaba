-- What the workers do with files: look into each that arrived, and delete what nothing refers to.

/*
 * Return what a worker must know to look into a file, or null when that is done already.
 * Definer: workers have no access to the tables.
 */
create function files.start_processing(media_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'bucket', media.bucket,
            'name', media.object_name,
            'content_type', media.content_type,
            'bytes', media.bytes,
            'sha256', media.sha256,
            'max_pixels', kinds.max_pixels,
            'widths', to_jsonb(kinds.widths)
        )
        from files.media
        inner join files.kinds on kinds.subject = media.subject and kinds.name = media.kind
        where media.id = start_processing.media_id and media.state = 'processing'
    );
end;
$$;

/*
 * A file is fit: keep its hash and, of a picture, what it shows and its renditions, the widest of
 * which is JPEG. `facts` has sha256, width, height, blurhash and renditions.
 * Definer: as files.start_processing.
 */
create function files.finish_processing(media_id uuid, facts jsonb)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    update files.media
    set
        state = 'ready',
        sha256 = facts ->> 'sha256',
        width = (facts ->> 'width')::integer,
        height = (facts ->> 'height')::integer,
        blurhash = facts ->> 'blurhash',
        public_name = (
            select rendition.object_name
            from jsonb_to_recordset(facts -> 'renditions')
                as rendition (format text, width integer, object_name text)
            where rendition.format = 'jpeg'
            order by rendition.width desc
            limit 1
        )
    where media.id = finish_processing.media_id and media.state = 'processing';
    if found then
        insert into files.renditions (media_id, format, width, height, bytes, object_name)
        select
            finish_processing.media_id, rendition.format, rendition.width, rendition.height,
            rendition.bytes, rendition.object_name
        from jsonb_to_recordset(finish_processing.facts -> 'renditions') as rendition (
            format text, width integer, height integer, bytes bigint, object_name text
        );
    end if;
end;
$$;

/*
 * A file is not fit. Its subject lets go of it.
 * Definer: as files.start_processing.
 */
create function files.refuse_medium(media_id uuid, refusal files.refusal)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_links text;
begin
    update files.media
    set state = 'refused', refusal = refuse_medium.refusal
    from files.kinds
    where
        media.id = refuse_medium.media_id
        and media.state = 'processing'
        and kinds.subject = media.subject
        and kinds.name = media.kind
    returning kinds.links into v_links;
    if found then
        execute format('delete from %s where media_id = $1', v_links) using media_id;
    end if;
end;
$$;

/*
 * Forget the media that were let go a while ago, and the uploads that nobody completed. Their
 * objects are then garbage.
 * Definer: as files.start_processing.
 */
create function files.forget_what_is_let_go()
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_since constant timestamptz = private.now()
        - (select settings.grace_hours from files.settings) * interval '1 hour';
begin
    delete from files.media where media.released_at < v_since;
    delete from files.uploads where uploads.expires_at < v_since;
end;
$$;

/*
 * Return objects that no row refers to after the grace period: what was forgotten, what was cut
 * off, what belonged to a business that is gone. One bucket at a time: {bucket, names}.
 * Definer: as files.start_processing.
 */
create function files.garbage(maximum integer)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
begin
    return (
        select jsonb_build_object(
            'bucket', old.bucket_id, 'names', jsonb_agg(old.name order by old.name)
        )
        from (
            select objects.bucket_id, objects.name
            from storage.objects
            cross join files.settings
            where
                (
                    objects.bucket_id = 'public-media'
                    or objects.bucket_id in (select kinds.bucket from files.kinds)
                )
                and objects.created_at
                < private.now() - settings.grace_hours * interval '1 hour'
                and not exists (
                    select 1
                    from files.media
                    where
                        media.bucket = objects.bucket_id and media.object_name = objects.name
                )
                and not exists (
                    select 1
                    from files.uploads
                    where
                        uploads.bucket = objects.bucket_id and uploads.object_name = objects.name
                )
                and not exists (
                    select 1
                    from files.renditions
                    where
                        objects.bucket_id = 'public-media'
                        and renditions.object_name = objects.name
                )
            order by objects.bucket_id, objects.name
            limit garbage.maximum
        ) as old
        group by old.bucket_id
        order by old.bucket_id
        limit 1
    );
end;
$$;
