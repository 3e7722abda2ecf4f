"""Django's forms in our own design: `{{ form }}`, `{{ form.name.as_field_group }}` and every widget."""

from django.forms.renderers import TemplatesSetting


class DesignRenderer(TemplatesSetting):
    """Fields and forms come from templates/partials, widgets from templates/django/forms/widgets."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"
