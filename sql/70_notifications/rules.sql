-- What holds for notifications on every path.

/*
 * A template says only what there is: every {{name}} is a variable of its event's subject, and
 * there are no other braces. So a word that is missing is found when the template is saved, not
 * when a mail is due.
 *
 * Errors:  PT400 invalid_input
 */
create function engagement.notification_templates__refuse_unknown_words()
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

create trigger _100_refuse_unknown_words
before insert or update on engagement.notification_templates
for each row execute function engagement.notification_templates__refuse_unknown_words();

create trigger _900_touch
before update on engagement.notification_templates
for each row execute function private.any__touch();
