-- How documents are issued.

/*
 * Issue a document about a sale up to a revision, and return its id. The same document again
 * returns the first one. A credit note covers this revision, and those of vouchers that lead to it;
 * a receipt or an invoice covers the revisions that earlier ones do not. Whoever issues several in
 * one transaction does so in the order of business_id.
 *
 * Errors:  PT409 nothing_to_document
 */
create function money.issue_document(
    kind money.document_kind, business_id uuid, sale_id uuid, revision integer
)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_document money.documents;
begin
    v_document.kind = issue_document.kind;
    v_document.business_id = issue_document.business_id;
    v_document.sale_id = issue_document.sale_id;
    v_document.revision = issue_document.revision;
    -- From here on nobody else takes a number of this kind: what the row says stays true.
    perform money.lock_document_counter(issue_document.business_id, issue_document.kind);
    v_document.id = money.document_of(v_document);
    if v_document.id is not null then
        return v_document.id;
    end if;

    v_document = money.fill_document(money.place_document(v_document));
    if jsonb_array_length(v_document.lines) = 0 or v_document.total_minor < 0 then
        perform private.refuse(
            'PT409', 'nothing_to_document',
            'There is nothing that this document would show.',
            'Read the view documents: an earlier one may show it already.'
        );
    end if;
    update money.document_counters
    set last_number = document_counters.last_number + 1
    where
        document_counters.business_id = issue_document.business_id
        and document_counters.kind = issue_document.kind
    returning document_counters.last_number into v_document.number;
    v_document.id = gen_random_uuid();
    insert into money.documents select v_document.*;
    return v_document.id;
end;
$$;

/*
 * Lock the numbers of a business for a kind of document until the transaction ends.
 */
create function money.lock_document_counter(business_id uuid, kind money.document_kind)
returns void
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    insert into money.document_counters (business_id, kind)
    values (lock_document_counter.business_id, lock_document_counter.kind)
    on conflict do nothing;
    perform
    from money.document_counters
    where
        document_counters.business_id = lock_document_counter.business_id
        and document_counters.kind = lock_document_counter.kind
    for update;
end;
$$;

/*
 * Return the id of a document that was issued already: the same kind up to the same revision.
 */
create function money.document_of(document money.documents)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return (
        select documents.id
        from money.documents
        where
            documents.business_id = document.business_id
            and documents.kind = document.kind
            and documents.sale_id = document.sale_id
            and documents.revision = document.revision
    );
end;
$$;

/*
 * Return the receipt or invoice that shows a sale before a revision, an invoice first; null if
 * nothing was issued yet.
 */
create function money.document_before(business_id uuid, sale_id uuid, revision integer)
returns uuid
language plpgsql
volatile
security invoker
set search_path = ''
as $$
begin
    return (
        select documents.id
        from money.documents
        where
            documents.business_id = document_before.business_id
            and documents.sale_id = document_before.sale_id
            and documents.kind <> 'credit_note'
            and documents.revision < document_before.revision
        order by documents.kind desc, documents.revision desc
        limit 1
    );
end;
$$;

/*
 * Return the last revision that belongs to a given one: what vouchers pay less, because of it, is
 * written by further revisions.
 */
create function money.with_vouchers(business_id uuid, sale_id uuid, revision integer)
returns integer
language plpgsql
stable
security invoker
set search_path = ''
as $$
begin
    return (
        select
            coalesce(
                min(sale_revisions.revision) filter (where sale_revisions.cause <> 'voucher') - 1,
                max(sale_revisions.revision),
                with_vouchers.revision
            )
        from sales.sale_revisions
        where
            sale_revisions.business_id = with_vouchers.business_id
            and sale_revisions.sale_id = with_vouchers.sale_id
            and sale_revisions.revision > with_vouchers.revision
    );
end;
$$;

/*
 * Return a document with the revisions that it covers, and what it corrects.
 *
 * Errors:  PT409 nothing_to_document
 */
create function money.place_document(document money.documents)
returns money.documents
language plpgsql
volatile
security invoker
set search_path = ''
as $$
declare
    v_document money.documents = document;
begin
    v_document.issued_at = private.now();
    if document.kind = 'credit_note' then
        v_document.first_revision = (
            select max(sale_revisions.revision)
            from sales.sale_revisions
            where
                sale_revisions.business_id = document.business_id
                and sale_revisions.sale_id = document.sale_id
                and sale_revisions.revision <= document.revision
                and sale_revisions.cause <> 'voucher'
        );
        v_document.corrects_document_id = money.document_before(
            document.business_id, document.sale_id, v_document.first_revision
        );
        if v_document.corrects_document_id is null then
            perform private.refuse(
                'PT409', 'nothing_to_document', 'There is no document to take back from.',
                'Issue a receipt or an invoice first.'
            );
        end if;
        return v_document;
    end if;
    select coalesce(max(issued.revision) + 1, 0) into v_document.first_revision
    from money.documents as issued
    left join money.documents as corrected
        on
            corrected.business_id = issued.business_id
            and corrected.id = issued.corrects_document_id
    where
        issued.business_id = document.business_id
        and issued.sale_id = document.sale_id
        and document.kind in (issued.kind, corrected.kind);
    return v_document;
end;
$$;

/*
 * Return a document with everything that it shows: who sold, who bought, lines, taxes and totals.
 */
create function money.fill_document(document money.documents)
returns money.documents
language plpgsql
stable
security invoker
set search_path = ''
as $$
declare
    v_document money.documents = document;
begin
    select sales.currency into v_document.currency
    from sales.sales
    where sales.business_id = document.business_id and sales.id = document.sale_id;
    v_document.seller = money.seller_of(document.business_id);
    v_document.buyer = money.buyer_of(document.business_id, document.sale_id);
    v_document.lines = money.lines_of_document(document);
    v_document.taxes = money.taxes_of_document(document);
    select
        coalesce(sum((line.value ->> 'total_minor')::bigint), 0),
        coalesce(sum((line.value ->> 'tax_minor')::bigint), 0)
    into v_document.total_minor, v_document.tax_minor
    from jsonb_array_elements(v_document.lines) as line;
    v_document.net_minor = v_document.total_minor - v_document.tax_minor;
    return v_document;
end;
$$;
