-- How much a business or a user may store. Reserved bytes count as long as their upload is open.

/*
 * Refuse a file that its kind does not take.
 *
 * Errors:  PT400 invalid_input · PT413 file_too_large · PT415 type_not_allowed
 */
create function files.check_file(kind files.kinds, bytes bigint, content_type text)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    if bytes < 1 then
        perform private.invalid('size', 'must be at least 1');
    end if;
    if bytes > kind.max_bytes then
        perform private.refuse(
            'PT413', 'file_too_large',
            format('This file is too large. At most %s bytes are allowed.', kind.max_bytes),
            'Make the file smaller.'
        );
    end if;
    if content_type <> all(kind.content_types) then
        perform private.refuse(
            'PT415', 'type_not_allowed', 'Files of this type are not allowed here.',
            format('Send one of: %s.', array_to_string(kind.content_types, ', '))
        );
    end if;
end;
$$;

/*
 * Refuse another file of a kind when its subject has as many as it may, uploads included. A kind of
 * one file exchanges it. The caller holds the lock of the place.
 *
 * Errors:  PT422 limit_reached
 */
create function files.check_number(kind files.kinds, subject_id uuid)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_number bigint;
begin
    if kind.max_number = 1 then
        return;
    end if;
    select
        (
            select count(*)
            from files.media
            where
                media.subject = kind.subject
                and media.kind = check_number.kind.name
                and media.subject_id = check_number.subject_id
                and media.released_at is null
        ) + (
            select count(*)
            from files.uploads
            where
                uploads.subject = kind.subject
                and uploads.kind = check_number.kind.name
                and uploads.subject_id = check_number.subject_id
                and uploads.expires_at > private.now()
        )
    into v_number;
    if v_number >= kind.max_number then
        perform private.refuse(
            'PT422', 'limit_reached',
            format('There are %s files already, and no more are allowed.', kind.max_number),
            'Delete one first.'
        );
    end if;
end;
$$;

/*
 * Refuse a file for which the quota has no room. The caller holds the lock of the place, so
 * uploads at the same time take turns.
 *
 * Errors:  PT409 quota_exceeded
 */
create function files.check_quota(place files.place, bytes bigint)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_use record;
    v_quota record;
begin
    select * into v_use from files.usage(place);
    select * into v_quota from files.quota_of(place);
    if v_use.number >= v_quota.max_number or v_use.bytes + bytes > v_quota.max_bytes then
        perform private.refuse(
            'PT409', 'quota_exceeded',
            format(
                'There is no room for this file: %s of %s bytes and %s of %s files are in use.',
                v_use.bytes, v_quota.max_bytes, v_use.number, v_quota.max_number
            ),
            'Delete files that are not needed, or ask the platform for more room.'
        );
    end if;
end;
$$;

/*
 * Return what is stored and reserved. What was let go does not count, unless it came within the
 * grace period: so nobody fills the disk by sending and deleting, and both together never exceed
 * twice the quota. An upload counts as long as it is open or has a file, with the larger of what
 * was announced and what was sent.
 */
create function files.usage(place files.place, out bytes bigint, out number bigint)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_since constant timestamptz = private.now()
        - (select settings.grace_hours from files.settings) * interval '1 hour';
begin
    select coalesce(sum(stored.bytes), 0), count(*) into usage.bytes, usage.number
    from (
        select media.bytes
        from files.media
        where
            (media.released_at is null or media.created_at > v_since)
            and (media.business_id = place.business_id or media.owner_id = place.owner_id)
        union all
        select greatest(uploads.bytes, (objects.metadata ->> 'size')::bigint)
        from files.uploads
        left join storage.objects
            on objects.bucket_id = uploads.bucket and objects.name = uploads.object_name
        where
            (uploads.expires_at > private.now() or objects.id is not null)
            and (uploads.business_id = place.business_id or uploads.owner_id = place.owner_id)
    ) as stored (bytes);
end;
$$;

/*
 * Return how much may be stored.
 */
create function files.quota_of(place files.place, out max_bytes bigint, out max_number integer)
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    select
        case
            when place.business_id is null then settings.max_bytes_for_user
            else coalesce(quotas.max_bytes, settings.max_bytes_for_business)
        end,
        case
            when place.business_id is null then settings.max_number_for_user
            else coalesce(quotas.max_number, settings.max_number_for_business)
        end
    into quota_of.max_bytes, quota_of.max_number
    from files.settings
    left join files.quotas on quotas.business_id = place.business_id;
end;
$$;
