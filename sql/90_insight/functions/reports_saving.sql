-- How members save reports. A saved report was read once, so its names are of the catalog.

/*
 * Save a report of a business under a name; the report of that name before is replaced.
 * Definer: nobody writes reports but through here; the caller is checked first.
 *
 * Errors:  PT400 invalid_input · PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.save_report(business_id uuid, name text, definition jsonb)
returns uuid
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_id uuid;
begin
    perform insight.require_reader(save_report.business_id);
    perform private.refuse_unknown_keys(
        definition, 'definition',
        '{subject,from_on,to_on,period,dimensions,measures,filters,sort,limit}'
    );
    perform insight.to_report(
        definition || jsonb_build_object('business_id', save_report.business_id)
    );
    insert into insight.reports as reports (business_id, name, definition)
    values (save_report.business_id, save_report.name, save_report.definition)
    on conflict on constraint reports_name_once do update
    set definition = excluded.definition, updated_at = private.now()
    returning reports.id into v_id;
    return v_id;
end;
$$;

/*
 * Delete a saved report.
 * Definer: as insight.save_report.
 *
 * Errors:  PT401 not_signed_in · PT403 forbidden · PT404 not_found
 */
create function insight.delete_report(report_id uuid)
returns void
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_business_id constant uuid = (
        select reports.business_id from insight.reports where reports.id = delete_report.report_id
    );
begin
    perform private.token_user_id() where not private.is_operator();
    if v_business_id is null or not exists (select from insight.require_reader(v_business_id)) then
        perform private.refuse(
            'PT404', 'not_found', 'There is no such report.', 'Check the id in the view reports.'
        );
    end if;
    delete from insight.reports where reports.id = delete_report.report_id;
end;
$$;
