-- A template uses only variables that exist, whoever writes it. Deleting a row that people were
-- told of deletes what they were told.

/*
 * Refuse a template unless every {{name}} is a variable of its event's subject, and it has no other
 * braces. A wrong name is found when the template is saved, not when a mail is due.
 * Definer: the check reads every variable, whoever writes the template.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.notification_templates__refuse_unknown_variables()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
declare
    v_text constant text = new.title || e'\n' || new.body;
    v_unknown text;
begin
    select found.words[1] into v_unknown
    from regexp_matches(v_text, '\{\{\s*([^{}]*?)\s*\}\}', 'g') as found (words)
    where
        not exists (
            select 1
            from engagement.events
            inner join engagement.variables on variables.subject = events.subject
            where events.name = new.event and variables.name = found.words[1]
        )
    limit 1;
    if found then
        perform private.invalid(
            'body', format('must not use {{%s}}: %s has no such variable', v_unknown, new.event)
        );
    end if;
    if regexp_replace(v_text, '\{\{\s*[a-z_]+\s*\}\}', '', 'g') ~ '\{\{|\}\}|\{%' then
        perform private.invalid('body', 'may contain braces only as {{variable}}');
    end if;
    return new;
end;
$$;

create trigger _100_refuse_unknown_variables
before insert or update on engagement.notification_templates
for each row execute function engagement.notification_templates__refuse_unknown_variables();

create trigger _900_touch
before update on engagement.notification_templates
for each row execute function private.any__touch();

/*
 * Delete the deliveries, notifications and reminders of a row that is deleted.
 * Definer: whoever deletes the row has no rights on notifications.
 */
create function engagement.deleted_subjects__forget_notifications()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    -- Deliveries first: this waits for a worker that is about to show one in the app.
    delete from engagement.notification_deliveries
    where
        notification_deliveries.subject = new.subject
        and notification_deliveries.subject_id = new.subject_id;
    delete from engagement.notifications
    where notifications.subject = new.subject and notifications.subject_id = new.subject_id;
    delete from engagement.reminders
    where reminders.subject = new.subject and reminders.subject_id = new.subject_id;
    return new;
end;
$$;

create trigger _100_forget_notifications
before insert on private.deleted_subjects
for each row execute function engagement.deleted_subjects__forget_notifications();

/*
 * Let an answer about offers decide whether an account gets them. An account gets offers only by
 * its own word; a member can only end them.
 * Definer: nobody has a write grant on marketing_consents.
 */
create function engagement.consents__follow()
returns trigger
language plpgsql
volatile
security definer
set search_path = ''
as $$
begin
    if new.is_given and new.source <> 'app' then
        return null;
    end if;
    insert into engagement.marketing_consents (user_id, business_id, given_at, withdrawn_at)
    values (new.user_id, new.business_id, new.at, case when not new.is_given then new.at end)
    on conflict on constraint marketing_consents_pkey do update
        set
            given_at = case
                when new.is_given and marketing_consents.withdrawn_at is not null then new.at
                else marketing_consents.given_at
            end,
            withdrawn_at = case
                when not new.is_given then coalesce(marketing_consents.withdrawn_at, new.at)
            end;
    return null;
end;
$$;

create trigger _500_follow
after insert on crm.consents
for each row
when (new.purpose = 'marketing' and new.user_id is not null)
execute function engagement.consents__follow();
