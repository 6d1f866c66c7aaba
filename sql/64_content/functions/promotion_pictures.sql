-- Whose the pictures of banners are, and where they are shown.

/*
 * Return the place of a banner's files: the business whose banner it is, or the admin who asks, for
 * a banner of the platform.
 * Definer: a banner that the caller may not change and an absent one get the same answer.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function content.place_of_banner(subject_id uuid)
returns files.place
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_banner content.banners;
    v_place files.place;
begin
    select banners.* into v_banner
    from content.banners
    where banners.id = place_of_banner.subject_id;
    if v_banner.id is not null
        and v_banner.business_id is null
        and private.is_platform_staff('admin') then
        v_place.owner_id = private.token_user_id();
        return v_place;
    end if;
    return files.place_in_business(v_banner.business_id, 'banner');
end;
$$;

/*
 * Link a picture to its banner. It takes the place of one that no worker has looked into yet.
 */
create function content.add_banner_picture(medium files.media)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    perform private.lock(array[medium.subject_id]);
    delete from content.banner_media
    using files.media
    where
        banner_media.banner_id = medium.subject_id
        and media.id = banner_media.media_id
        and media.state = 'processing';
    insert into content.banner_media (media_id, banner_id)
    values (medium.id, medium.subject_id);
end;
$$;

/*
 * Return the path of a picture below the API's address; null until it is ready.
 */
create function content.picture_url(medium files.media)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return '/storage/v1/object/public/public-media/' || medium.public_name;
end;
$$;
