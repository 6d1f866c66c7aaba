-- Media and galleries as clients read them, and the functions that change a gallery.

create view public.media
with (security_invoker = true)
as
select
    media.id,
    media.business_id,
    media.subject,
    media.subject_id,
    media.kind,
    media.bucket,
    media.object_name,
    media.file_name,
    media.content_type,
    media.bytes,
    media.sha256,
    media.state,
    media.refusal,
    media.width,
    media.height,
    media.blurhash,
    media.alt,
    '/storage/v1/object/public/public-media/' || media.public_name as url,
    media.created_at
from files.media
where media.released_at is null or media.state = 'refused';
grant select on public.media to anon, authenticated;
grant update (alt) on public.media to authenticated;
grant select, update on public.media to service_role;

comment on view public.media is
'Uploaded files.

Public pictures can be read by everybody who may read their subject, once they are ready. Owners and managers read all files of their business, users their own. Only alt can be changed.';
comment on column public.media.id is 'Key; the upload_id of its upload.';
comment on column public.media.business_id is 'The business that owns it; null for a user''s own.';
comment on column public.media.subject is 'What it is about, such as business or service.';
comment on column public.media.subject_id is 'The id of the row that it is about.';
comment on column public.media.kind is 'What it is for, such as gallery, picture or license.';
comment on column public.media.bucket is 'The private bucket of the original.';
comment on column public.media.object_name is 'Its name in that bucket.';
comment on column public.media.file_name is 'The name that the client gave.';
comment on column public.media.content_type is 'The type, which the content was compared with.';
comment on column public.media.bytes is 'The size of the original.';
comment on column public.media.sha256 is 'SHA-256 of the original, 64 hexadecimal digits.';
comment on column public.media.state is
'processing until a worker has looked into the file, then ready or refused.';
comment on column public.media.refusal is
'Why it was refused: hash_mismatch, type_mismatch, not_readable, too_many_pixels, '
'ambiguous or infected; otherwise null.';
comment on column public.media.width is
'Pixels, the orientation applied; null unless a picture is ready.';
comment on column public.media.height is 'As width.';
comment on column public.media.blurhash is 'A blurred preview to show while the picture loads.';
comment on column public.media.alt is
'Texts for those who do not see the picture, by language tag, such as {"en": "Our shop window"}.';
comment on column public.media.url is
'Path of the widest rendition below the API''s address; null unless a public picture is ready.';
comment on column public.media.created_at is 'When the upload was completed.';

create view public.media_renditions
with (security_invoker = true)
as
select
    renditions.media_id,
    renditions.format,
    renditions.width,
    renditions.height,
    renditions.bytes,
    '/storage/v1/object/public/public-media/' || renditions.object_name as url
from files.renditions;
grant select on public.media_renditions to anon, authenticated, service_role;

comment on view public.media_renditions is
'The widths and formats of public pictures. They can be read like the medium.';
comment on column public.media_renditions.media_id is 'The medium.';
comment on column public.media_renditions.format is 'avif, webp or jpeg.';
comment on column public.media_renditions.width is 'Pixels.';
comment on column public.media_renditions.height is 'Pixels.';
comment on column public.media_renditions.bytes is 'Size of the file.';
comment on column public.media_renditions.url is
'Path below the API''s address. It holds a hash of the bytes and never changes, so caches keep it.';

create view public.business_media
with (security_invoker = true)
as
select
    business_media.media_id,
    business_media.business_id,
    business_media.position,
    business_media.is_featured
from business.business_media;
grant select on public.business_media to anon;
grant select, delete on public.business_media to authenticated, service_role;

comment on view public.business_media is
'The galleries of businesses. Owners and managers take a picture out by deleting its row.';
comment on column public.business_media.media_id is 'The picture.';
comment on column public.business_media.business_id is 'The business.';
comment on column public.business_media.position is 'Order by it; see reorder_media.';
comment on column public.business_media.is_featured is
'Whether it stands for the whole gallery; at most one does. See feature_media.';

create view public.profile_media
with (security_invoker = true)
as
select
    profile_media.user_id,
    profile_media.media_id
from identity.profile_media;
grant select on public.profile_media to anon;
grant select, delete on public.profile_media to authenticated, service_role;

comment on view public.profile_media is
'The pictures of users. It can be read like the profile; users take theirs away by deleting it.';
comment on column public.profile_media.user_id is 'The user.';
comment on column public.profile_media.media_id is 'The picture.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.reorder_media(
    subject text, media_ids public.list, kind text default null
)
returns setof public.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_ids constant uuid[] = array(
        select private.to_identifier(named.id, 'media_ids')
        from jsonb_array_elements_text(private.to_list(media_ids, 'media_ids', 100))
            with ordinality as named (id, position)
        order by named.position
    );
begin
    perform files.reorder(
        private.to_subject_name(subject), private.to_subject_id(subject),
        coalesce(private.to_text(kind, 'kind', 40), 'gallery'), v_ids
    );
    return query
    select media.*
    from public.media
    inner join unnest(v_ids) with ordinality as named (id, position) on named.id = media.id
    order by named.position;
end;
$$;
grant execute on function public.reorder_media(text, public.list, text)
to anon, authenticated, service_role;

comment on function public.reorder_media(text, public.list, text) is
'Put the pictures of a gallery into another order.

Returns the pictures in the new order.

- subject: such as business:ID or service:ID.
- media_ids: every picture of the gallery once.
- kind: gallery unless said otherwise.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';

/*
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function public.feature_media(media_id public.identifier)
returns public.media
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_id constant uuid = private.to_identifier(media_id, 'media_id');
    v_medium public.media;
begin
    perform files.feature(v_id);
    select media.* into strict v_medium from public.media where media.id = v_id;
    return v_medium;
end;
$$;
grant execute on function public.feature_media(public.identifier)
to anon, authenticated, service_role;

comment on function public.feature_media(public.identifier) is
'Make a picture the featured one of its gallery.

Returns the picture.

Errors: invalid_input 400, not_signed_in 401, forbidden 403, not_found 404.';
