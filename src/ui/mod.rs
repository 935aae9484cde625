//! The design system: the components that every page is made of. It knows no feature, and class names are used only here.
//!
//! Pages state an intention (`<Button intent=Intent::Danger>`); its appearance is defined once, here and in `style/`.
//! Components work without JavaScript unless their comment says otherwise. No element has a `style` attribute, because the
//! content security policy forbids them.

mod admin;
mod button;
mod card;
mod chart;
mod coupon_field;
mod description_list;
mod dialog;
mod disclosure;
mod editor;
mod feedback;
mod field;
mod file_field;
mod focus;
mod form;
mod icon;
mod inline;
mod layout;
mod lesson;
mod markdown;
mod maybe_text;
mod money;
mod navigation;
mod page;
mod pick_list;
mod picture;
mod search_select;
mod sortable;
mod table;
mod table_fields;
mod text;
mod theme;
mod time;
mod toast;
mod visibility;
pub mod youtube;

pub use crate::ui::{
    admin::AdminLayout,
    button::{Button, Intent, LinkButton, PrintButton},
    card::{Badge, Cover, CoverCard, ProgressLine, Tone},
    chart::{Bar, BarChart, ShareBar},
    coupon_field::CouponCodeForm,
    description_list::{DescriptionItem, DescriptionList, Timeline, TimelineItem},
    dialog::{Dialog, DialogActions},
    disclosure::Accordion,
    editor::{EditorActions, EditorHead, EditorItem, EditorList, EditorSection, EditorTail},
    feedback::{EmptyState, ErrorState, NeedsScript, Notice, SkeletonCards, SkeletonList, SkeletonPage},
    field::{CheckField, Field, SelectField, TextArea},
    file_field::FileField,
    focus::restore_focus,
    form::{Form, FormErrors, ScriptedForm, SearchBox},
    inline::{Choice, InlineChoice, InlineName, Saving},
    layout::{AuthCard, BuyBar, EqualColumns, Main, Sheet, SiteFooter, SiteHeader, TwoColumns},
    lesson::{LessonLayout, LockedPanel, OutlineItem, OutlineList, VideoFrame},
    markdown::MarkdownField,
    maybe_text::MaybeText,
    money::{Amounts, Price},
    navigation::{NavLink, PrevNext, Tabs},
    page::{Grid, PageHeader, Row, Space, Stack},
    pick_list::PickList,
    picture::{Thumb, WIDTHS},
    search_select::SearchSelect,
    sortable::{Grip, Order, Sortable, Sorter},
    table::{KeysetPager, Pager, RowActions, Stats, Table},
    table_fields::{CheckCell, NumberCell},
    text::{Address, FONTS, Prose},
    theme::ThemeSwitch,
    time::{LocalTime, format_iso_day, utc_day, utc_minute},
    toast::{Toaster, Toasts, provide_toaster, use_toast},
    visibility::{ScreenOnly, VisuallyHidden},
};
