-- Uploads: announced, sent to Storage, completed. Between the first and the last step only the
-- caller may put a file at the upload's name, once (policies).

/*
 * Announce a file: check it, reserve its bytes, and return its upload.
 * Definer: nobody has a write grant on uploads.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 quota_exceeded · PT413 file_too_large · PT415 type_not_allowed
 *          PT422 limit_reached
 */
create function files.open_upload(
    subject text,
    subject_id uuid,
    kind text,
    file_name text,
    bytes bigint,
    content_type text,
    sha256 text
)
returns files.uploads
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_kind constant files.kinds = files.find_kind(subject, kind);
    v_place constant files.place = files.find_place(v_kind, subject_id);
    v_id constant uuid = gen_random_uuid();
    v_upload files.uploads;
begin
    perform files.check_file(v_kind, bytes, content_type);
    perform private.lock(array[coalesce(v_place.business_id, v_place.owner_id)]);
    perform files.check_number(v_kind, subject_id);
    perform files.check_quota(v_place, bytes);
    insert into files.uploads (
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, bucket, object_name,
        file_name, content_type, bytes, sha256, expires_at, created_at
    )
    values (
        v_id, v_place.business_id, v_place.owner_id, auth.uid(), v_kind.subject,
        open_upload.subject_id, v_kind.name, v_kind.bucket,
        files.object_name(v_place, v_id, open_upload.file_name), open_upload.file_name,
        open_upload.content_type, open_upload.bytes, open_upload.sha256,
        private.now()
        + (select settings.upload_minutes from files.settings) * interval '1 minute',
        private.now()
    )
    returning uploads.* into v_upload;
    return v_upload;
end;
$$;

/*
 * Return where a file lies: below whose it is and its upload, under its own name without what is
 * not plain.
 */
create function files.object_name(place files.place, upload_id uuid, file_name text)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return concat_ws(
        '/',
        coalesce(place.business_id, place.owner_id),
        upload_id,
        coalesce(
            nullif(
                trim(
                    '.-' from right(regexp_replace(file_name, '[^A-Za-z0-9._-]+', '-', 'g'), 100)
                ),
                ''
            ),
            'file'
        )
    );
end;
$$;

/*
 * Complete an upload: check the file that Storage has, make it a medium of its subject, and let a
 * worker look into it. Completing again changes nothing. Returns the id of the medium.
 * Definer: nobody has a write grant on uploads and media.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 *          PT409 not_uploaded upload_expired upload_mismatch
 */
create function files.complete_upload(upload_id uuid)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_upload constant files.uploads = files.find_upload(upload_id);
    v_medium files.media;
begin
    if v_upload.id is null then
        return upload_id;
    end if;
    perform files.check_object(v_upload);
    delete from files.uploads where uploads.id = upload_id;
    insert into files.media (
        id, business_id, owner_id, uploaded_by, subject, subject_id, kind, is_public, bucket,
        object_name, file_name, content_type, bytes, sha256, created_at
    )
    values (
        v_upload.id, v_upload.business_id, v_upload.owner_id, v_upload.uploaded_by,
        v_upload.subject, v_upload.subject_id, v_upload.kind,
        (files.find_kind(v_upload.subject, v_upload.kind)).is_public, v_upload.bucket,
        v_upload.object_name, v_upload.file_name, v_upload.content_type, v_upload.bytes,
        v_upload.sha256, private.now()
    )
    returning media.* into v_medium;
    perform files.attach(v_medium);
    perform private.emit('media.uploaded', jsonb_build_object('media_id', v_medium.id));
    return v_medium.id;
end;
$$;

/*
 * Return the caller's upload and lock it, or null when it is complete already.
 *
 * Errors:  PT401 not_signed_in · PT404 not_found
 */
create function files.find_upload(upload_id uuid)
returns files.uploads
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_caller constant uuid = case
        when not private.is_operator() then private.token_user_id()
    end;
    v_upload files.uploads;
begin
    select uploads.* into v_upload
    from files.uploads
    where uploads.id = upload_id and (v_caller is null or uploads.uploaded_by = v_caller)
    for update;
    if not found and not exists (
        select 1
        from files.media
        where media.id = upload_id and (v_caller is null or media.uploaded_by = v_caller)
    ) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such upload.',
            'Use the upload_id that create_upload returned.'
        );
    end if;
    return v_upload;
end;
$$;

/*
 * Refuse to complete an upload that took too long, or whose file is not what was announced.
 *
 * Errors:  PT409 not_uploaded upload_expired upload_mismatch
 */
create function files.check_object(upload files.uploads)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_object jsonb;
begin
    if upload.expires_at <= private.now() then
        perform private.refuse(
            'PT409', 'upload_expired', 'This upload took too long.', 'Begin with create_upload again.'
        );
    end if;
    select coalesce(objects.metadata, '{}') into v_object
    from storage.objects
    where objects.bucket_id = upload.bucket and objects.name = upload.object_name;
    if not found then
        perform private.refuse(
            'PT409', 'not_uploaded', 'The file is not there yet.',
            'Send it to the place that create_upload returned, then complete the upload.'
        );
    end if;
    if (v_object ->> 'size')::bigint is distinct from upload.bytes
        or split_part(v_object ->> 'mimetype', ';', 1) is distinct from upload.content_type then
        perform private.refuse(
            'PT409', 'upload_mismatch',
            format(
                'The file has %s bytes of the type %s, but %s of %s were announced.',
                coalesce(v_object ->> 'size', 'unknown'),
                coalesce(v_object ->> 'mimetype', 'unknown'), upload.bytes, upload.content_type
            ),
            'Begin with create_upload again.'
        );
    end if;
end;
$$;
