-- The two steps around sending a file: announce it, complete it.

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 *          PT409 quota_exceeded · PT413 file_too_large · PT415 type_not_allowed
 *          PT422 limit_reached
 */
create function public.create_upload(
    subject text,
    kind text,
    name text,
    size public.whole_number,
    content_type text,
    sha256 text default null
)
returns jsonb
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_upload files.uploads;
    v_path text;
begin
    if sha256 is not null and lower(sha256) !~ '^[0-9a-f]{64}$' then
        perform private.invalid('sha256', 'must be 64 hexadecimal digits');
    end if;
    if not private.is_one_line(name) then
        perform private.invalid('name', 'must be one line without control characters');
    end if;
    v_upload = files.open_upload(
        subject => private.to_subject_name(subject),
        subject_id => private.to_subject_id(subject),
        kind => private.to_required_text(kind, 'kind', 40),
        file_name => private.to_required_text(name, 'name', 255),
        bytes => private.to_bytes(size, 'size'),
        content_type => lower(private.to_required_text(content_type, 'content_type', 100)),
        sha256 => lower(sha256)
    );
    v_path = v_upload.bucket || '/' || v_upload.object_name;
    return jsonb_build_object(
        'upload_id', v_upload.id,
        'bucket', v_upload.bucket,
        'path', v_upload.object_name,
        'url', '/storage/v1/object/' || v_path,
        'sign_url', '/storage/v1/object/upload/sign/' || v_path,
        'resumable_url', '/storage/v1/upload/resumable',
        'expires_at', v_upload.expires_at
    );
end;
$$;
grant execute on function public.create_upload(text, text, text, public.whole_number, text, text)
to anon, authenticated, service_role;

comment on function public.create_upload(text, text, text, public.whole_number, text, text) is
'Announce a file and reserve room for it.

Returns an object: upload_id, bucket and path, as Storage''s clients take them; url, to which the caller may POST the file once; sign_url, where the caller gets a signed URL that works once without a token; resumable_url for tus, better above 6 MB; and expires_at. The paths are below the API''s address. Nobody sees the file before complete_upload.

- subject: what it is about, such as business:ID, service:ID, resource:ID, banner:ID or profile:ID.
- kind: gallery, picture, or for the papers of a business registration, identity, license, tax or other.
- name: the name of the file, at most 255 characters.
- size: bytes.
- content_type: such as image/jpeg. The content is compared with it later.
- sha256: 64 hexadecimal digits, if the content is to be compared with them.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404, quota_exceeded 409, file_too_large 413, type_not_allowed 415, limit_reached 422.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT404 not_found
 *          PT409 not_uploaded upload_expired upload_mismatch
 */
create function public.complete_upload(upload_id public.identifier)
returns public.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = files.complete_upload(private.to_identifier(upload_id, 'upload_id'));
    v_medium public.media;
begin
    select media.* into v_medium from public.media where media.id = v_id;
    return v_medium;
end;
$$;
grant execute on function public.complete_upload(public.identifier)
to anon, authenticated, service_role;

comment on function public.complete_upload(public.identifier) is
'Bind an uploaded file to its subject, if its size and type are those that were announced.

Returns the medium. It is processing until a worker has compared hash and content and drawn the renditions, then ready or refused. Repeating the call changes nothing.

Errors: invalid_input 400, not_signed_in 401, not_found 404, not_uploaded 409, upload_expired 409, upload_mismatch 409.';
