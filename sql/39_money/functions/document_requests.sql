-- Documents that people ask for, and the files that workers draw of them.

/*
 * Issue a document about a sale as it is now. Members with the permission `serve` or `account`
 * issue every kind; customers ask for invoices of what they bought.
 * Definer: nobody has a grant to write documents.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found · PT409 nothing_to_document
 */
create function money.request_document(sale_id uuid, kind money.document_kind)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_sale sales.sales;
begin
    select sales.* into v_sale from sales.sales where sales.id = request_document.sale_id;
    perform money.refuse_requester(v_sale, request_document.kind);
    return money.issue_document(
        request_document.kind,
        v_sale.business_id,
        v_sale.id,
        (
            select max(sale_revisions.revision)
            from sales.sale_revisions
            where
                sale_revisions.business_id = v_sale.business_id
                and sale_revisions.sale_id = v_sale.id
        )
    );
end;
$$;

/*
 * Refuse a caller who may not ask for a document. Callers who cannot see the sale get not_found.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function money.refuse_requester(sale sales.sales, kind money.document_kind)
returns void
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_is_buyer boolean;
begin
    if private.is_operator()
        and sale.id is not null
        or sale.business_id in (select private.my_businesses('serve'))
        or sale.business_id in (select private.my_businesses('account')) then
        return;
    end if;
    perform private.token_user_id();
    v_is_buyer = coalesce(sale.customer_id = auth.uid(), false);
    if v_is_buyer and kind = 'invoice' then
        return;
    end if;
    if v_is_buyer then
        perform private.refuse(
            'PT403', 'forbidden', 'Customers can ask for invoices alone.', 'Ask for an invoice.'
        );
    end if;
    perform private.refuse(
        'PT404', 'not_found', 'There is no such sale.', 'Check the id in the view sales.'
    );
end;
$$;

/*
 * Return what a worker draws: the document and the formats that it still lacks; null when there is
 * nothing to draw, as of a document whose buyer was emptied. Invoices and credit notes of sellers
 * in the European Union with a verified tax number are written in EN 16931 as well.
 * Definer: workers have no access to the tables.
 */
create function money.document_to_draw(document_id uuid)
returns jsonb
language plpgsql
stable
security definer
set search_path = ''
as $$
declare
    v_document money.documents;
    v_is_european boolean;
    v_formats text[];
begin
    select documents.* into v_document
    from money.documents
    where documents.id = document_to_draw.document_id;
    v_is_european = v_document.kind <> 'receipt'
        and v_document.seller ->> 'tax_number' is not null
        and exists (
            select 1
            from pricing.tax_places
            where
                tax_places.country = v_document.seller ->> 'country' and tax_places.is_in_eu
        );
    v_formats = array(
        select wanted.format
        from unnest(
            case when v_is_european then '{pdf,xml}' else '{pdf}' end::text[]
        ) as wanted (format)
        where not exists (
            select 1
            from money.document_files
            where
                document_files.business_id = v_document.business_id
                and document_files.document_id = v_document.id
                and document_files.format = wanted.format
        )
    );
    if v_document.id is null or v_document.buyer = '{}' or v_formats = '{}' then
        return null;
    end if;
    return money.facts_of_document(v_document) || jsonb_build_object('formats', v_formats);
end;
$$;

/*
 * Return a document with what a drawing of it says: its reference, what it corrects, and the digits
 * of the currency.
 */
create function money.facts_of_document(document money.documents)
returns jsonb
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return to_jsonb(document) || jsonb_build_object(
        'reference', money.document_reference(document.kind, document.number),
        'issued_on', (document.issued_at at time zone (document.seller ->> 'time_zone'))::date,
        'minor_digits', (
            select currencies.minor_digits
            from pricing.currencies
            where currencies.code = document.currency
        ),
        'corrects', (
            select money.document_reference(corrected.kind, corrected.number)
            from money.documents as corrected
            where corrected.id = document.corrects_document_id
        )
    );
end;
$$;

/*
 * Name a document: its kind and its number.
 */
create function money.document_reference(kind money.document_kind, number bigint)
returns text
language plpgsql
immutable
security invoker
set search_path = ''
as $$
begin
    return case kind when 'receipt' then 'R-' when 'invoice' then 'I-' else 'C-' end || number;
end;
$$;

/*
 * Record a file that a worker drew of a document. The first one stays.
 * Definer: workers have no access to the tables.
 */
create function money.record_document_file(
    document_id uuid, format text, object_name text, bytes bigint, sha256 text
)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    insert into money.document_files (
        business_id, document_id, format, object_name, bytes, sha256, created_at
    )
    select
        documents.business_id, documents.id, record_document_file.format,
        record_document_file.object_name, record_document_file.bytes,
        record_document_file.sha256, private.now()
    from money.documents
    where documents.id = record_document_file.document_id
    on conflict do nothing;
    perform files.keep_record(
        record_document_file.object_name, 'money.documents', record_document_file.document_id
    );
end;
$$;
