-- Products in other languages, and everything about one product in the language of a reader.

create view public.product_translations
with (security_invoker = true)
as
select
    product_translations.id,
    product_translations.business_id,
    product_translations.locale,
    product_translations.product_id,
    product_translations.category_id,
    product_translations.attribute_id,
    product_translations.option_id,
    product_translations.name,
    product_translations.description,
    product_translations.value_names
from catalog.product_translations;
grant select on public.product_translations to anon;
grant select, insert, update, delete on public.product_translations
to authenticated, service_role;

comment on view public.product_translations is
'Names and descriptions of products, categories, attributes and options in other languages than '
'that of the business.

Read like what they translate; written by owners and managers. product_page returns the one that '
'suits the reader.';
comment on column public.product_translations.id is 'Primary key.';
comment on column public.product_translations.business_id is 'The business that owns it.';
comment on column public.product_translations.locale is 'A language tag, such as en or de-AT.';
comment on column public.product_translations.product_id is
'The product that it translates, or null. One of the four references is set.';
comment on column public.product_translations.category_id is
'The category of products that it translates, or null.';
comment on column public.product_translations.attribute_id is
'The attribute that it translates, or null.';
comment on column public.product_translations.option_id is
'The option of a product that it translates, or null.';
comment on column public.product_translations.name is 'At most 200 characters.';
comment on column public.product_translations.description is
'Of a product: at most 5000 characters, or null.';
comment on column public.product_translations.value_names is
'Of an option or an attribute: a JSON object with the word for each value, such as '
'{"red": "rouge"}.';

/*
 * Errors:  PT400 invalid_input · PT404 not_found
 */
create function public.product_page(product_id public.identifier, locale text default null)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_wanted constant text[] = private.wanted_locales(private.to_text(locale, 'locale', 500));
    v_product catalog.products;
    v_best catalog.product_translations;
begin
    select products.* into v_product
    from catalog.products
    where products.id = private.to_identifier(product_page.product_id, 'product_id');
    if not found then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such product.', 'Check the id in the view products.'
        );
    end if;
    v_best = catalog.best_translation(v_product.business_id, v_product.id, v_wanted);
    return to_jsonb(v_product) || jsonb_build_object(
        'name', coalesce(v_best.name, v_product.name),
        'description', coalesce(v_best.description, v_product.description),
        'category',
        catalog.category_for_reader(v_product.business_id, v_product.category_id, v_wanted),
        'brand', (
            select jsonb_build_object('id', brands.id, 'slug', brands.slug, 'name', brands.name)
            from catalog.brands
            where brands.business_id = v_product.business_id and brands.id = v_product.brand_id
        ),
        'options', catalog.options_for_reader(v_product.id, v_wanted),
        'attributes', catalog.attributes_for_reader(v_product, v_wanted),
        'variants', catalog.variants_for_reader(v_product.id),
        'media_ids', array(
            select product_media.media_id
            from catalog.product_media
            where
                product_media.business_id = v_product.business_id
                and product_media.product_id = v_product.id
            order by product_media.position
        )
    );
end;
$$;
comment on function public.product_page is
'Return everything about a product in one object, in the language that suits the reader best.

- product_id: the product.
- locale: language tags, the best first, such as de-AT,de; without it those of the header '
'Accept-Language. English comes last, then the language of the business.

Returns the row of the view products with name and description translated, and with category, '
'brand, options ({name, label, values: [{value, label}]}), attributes ({key, label, kind, unit, '
'value, value_label}), the active variants with their options, prices, pictures and what a bundle '
'contains, and media_ids in the order of the gallery.

Errors: invalid_input 400, not_found 404.';

grant execute on function public.product_page(public.identifier, text)
to anon, authenticated, service_role;
